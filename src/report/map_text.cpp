#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "report/map_report.hpp"

namespace autonba {
namespace {

constexpr std::size_t layers_shown = 10;
constexpr double busy = 0.95;  // of the interval: chunks that work so much of it set it, together
constexpr std::size_t host_operators_shown = 6;

std::string percent(double share) {
  return fmt::format("{:.1f} %", 100 * share);
}

std::string cycles_text(const Json& cycles) {
  return grouped(cycles.get<std::int64_t>());
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

/// Columns as wide as their widest cell: those under a heading that ends with "<" to the left, others to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> headings) {
    for (std::string& heading : headings) {
      left_.push_back(heading.ends_with('<'));
      if (left_.back()) {
        heading.pop_back();
      }
    }
    rows_.push_back(std::move(headings));
  }

  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }

  std::string text() const {
    std::vector<std::size_t> widths(left_.size(), 0);
    for (const auto& row : rows_) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        widths[i] = std::max(widths[i], characters(row[i]));
      }
    }
    std::string text;
    for (const auto& row : rows_) {
      std::string line;
      for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string space(widths[i] - characters(row[i]), ' ');
        line += "  " + (left_[i] ? row[i] + space : space + row[i]);
      }
      line.erase(line.find_last_not_of(' ') + 1);
      text += line + "\n";
    }
    return text;
  }

 private:
  std::vector<bool> left_;
  std::vector<std::vector<std::string>> rows_;
};

std::string heading(const Json& data) {
  const Json& asked = data.at("asked");
  const auto text = [&](const char* key) { return asked.at(key).get<std::string>(); };
  const std::string how = asked.at("engine").is_null()
                              ? std::string("given accelerator")
                              : fmt::format("space {}, engine {}", text("space"), text("engine"));
  return fmt::format("{} on {} ({}, objective {})\n", text("network"), text("platform"), how, text("objective"));
}

/// "FPS of the template only": what is left to the host, where something is.
std::string host_line(const Json& host) {
  if (host.is_null()) {
    return "";
  }
  std::vector<std::string> names;
  for (const Json& op : host.at("operations")) {
    names.push_back(fmt::format("{} {}", op.at("count").get<std::int64_t>(), op.at("op").get<std::string>()));
  }
  const std::size_t more = names.size() - std::min(names.size(), host_operators_shown);
  names.resize(names.size() - more);
  if (more > 0) {
    names.push_back(fmt::format("{} other operators", more));
  }
  return fmt::format("  template only: the host does {} of the operations, and its time is not in these figures: {}\n",
                     percent(host.at("share")), fmt::join(names, ", "));
}

std::string proof_line(const Json& data) {
  const Json& proof = data.at("proof");
  if (proof.at("bound").is_null()) {
    return "  proof        none: how much better a design may be is not known\n";
  }
  const double gap = proof.at("gap");
  const auto bound = proof.at("bound").get<std::string>();
  return fmt::format("  proof        no design of the space has {} than {}: gap {:.2f} %\n",
                     proof.at("higher_is_better").get<bool>() ? "more" : "less", bound, 100 * gap);
}

std::string target_line(const Json& target) {
  return target.is_null() ? ""
                          : fmt::format("  target       {}: {}\n", target.at("words").get<std::string>(),
                                        target.at("met").get<bool>() ? "met" : "missed");
}

std::string resources_line(const Json& resources) {
  std::vector<std::string> parts;
  for (const Json& resource : resources) {
    parts.push_back(fmt::format("{} {} of {} ({})", resource.at("name").get<std::string>(),
                                cycles_text(resource.at("used")), cycles_text(resource.at("available")),
                                percent(resource.at("share"))));
  }
  return fmt::format("  resources    {}\n", fmt::join(parts, ", "));
}

std::string figures_text(const Json& data) {
  const Json& result = data.at("result");
  const Json& accelerator = data.at("accelerator");
  const double fps = result.at("fps");
  std::string text = fmt::format("  throughput   {} images/s{}, {} cycles a batch of {}\n",
                                 fps >= 1000 ? grouped(std::llround(fps)) : fmt::format("{:.4g}", fps),
                                 data.at("host").is_null() ? "" : " (template only)",
                                 cycles_text(result.at("ii_cycles")), result.at("batch").get<int>());
  text += fmt::format("  latency      {:.4g} ms, all layers of a batch one after the other\n",
                      result.at("latency_ms").get<double>());
  if (result.contains("energy_mj")) {
    text += fmt::format("  energy       {:.4g} mJ an image\n", result.at("energy_mj").get<double>());
  }
  if (!accelerator.at("utilisation").is_null()) {
    text += fmt::format("  utilisation  {} of {} MACs a cycle\n", percent(accelerator.at("utilisation")),
                        cycles_text(accelerator.at("macs_per_cycle")));
  }
  return text + resources_line(accelerator.at("resources"));
}

/// "compute 61 %, memory 22 %; hardly any BRAM18 left".
std::string binding_line(const Json& binding) {
  std::vector<std::string> parts;
  for (const Json& part : binding.at("time")) {
    parts.push_back(
        fmt::format("{} {:.0f} %", part.at("name").get<std::string>(), 100 * part.at("share").get<double>()));
  }
  std::string text = fmt::format("  bound by     {}", fmt::join(parts, ", "));
  const auto scarce = binding.at("resources").get<std::vector<std::string>>();
  return text + (scarce.empty() ? "\n" : fmt::format("; hardly any {} left\n", fmt::join(scarce, ", ")));
}

std::string store_line(const Json& store) {
  if (store.is_null()) {
    return "";
  }
  constexpr double megabyte = 1e6;
  const auto share = [&](const char* words) {
    return percent(store.at(words).get<double>() / store.at("depth").get<double>());
  };
  return fmt::format(
      "  store        {} maps in {} words of {} bits ({} taken, {} at the same time); external traffic {:.3g} MB an "
      "image, {:.3g} MB without it\n",
      store.at("maps").size(), cycles_text(store.at("depth")), store.at("word_bits").dump(), share("words"),
      share("words_alive"), store.at("external_bytes").get<double>() / megabyte,
      store.at("external_bytes_without").get<double>() / megabyte);
}

std::string utilisation_text(const Json& utilisation) {
  return utilisation.is_null() ? "-" : percent(utilisation);
}

std::string chunks_table(const Json& chunks) {
  Table table({"chunk", "kind<", "bits", "unroll m×n×p", "mac<", "lanes", "stride", "buffers in/weight/out", "acc<",
               "port", "layers", "cycles", "of II", "utilisation"});
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    const Json& chunk = chunks[i];
    const Json& unroll = chunk.at("unroll");
    const Json& depth = chunk.at("depth");
    const auto number = [&](const char* key) { return chunk.at(key).dump(); };
    table.add({fmt::format("{}", i), chunk.at("kind").get<std::string>(), number("bits"),
               fmt::format("{}×{}×{}", unroll.at("m").dump(), unroll.at("n").dump(), unroll.at("p").dump()),
               chunk.at("mac").get<std::string>(), number("requant_lanes"), number("stride_max"),
               fmt::format("{}/{}/{}", depth.at("input").dump(), depth.at("weight").dump(), depth.at("output").dump()),
               chunk.at("accumulator").get<bool>() ? "yes" : "no", number("port_bits"), number("layers"),
               cycles_text(chunk.at("cycles")), percent(chunk.at("share_of_ii")),
               utilisation_text(chunk.at("utilisation"))});
  }
  return table.text();
}

std::string tile_text(const Json& tile) {
  const auto size = [&](const char* key) { return tile.at(key).get<int>(); };
  return fmt::format("{}×{}×{}×{}", size("m"), size("n"), size("rows"), size("cols"));
}

/// "weights 62 %": what most of the cycles are spent on, and its part of them.
std::string limit_text(const Json& mapped) {
  const auto limit = mapped.at("limit").get<std::string>();
  return fmt::format("{} {:.0f} %", limit,
                     100 * mapped.at("terms").at(limit).get<double>() / mapped.at("cycles").get<double>());
}

/// The layers that set the objective, longest first: those of the busiest chunks, or all where the sum counts.
std::vector<Json> binding_layers(const Json& data) {
  const bool sums = data.at("result").at("objective") == "latency";
  const Json& chunks = data.at("accelerator").at("chunks");
  std::vector<Json> layers;
  for (const Json& layer : data.at("accelerator").at("layers")) {
    if (sums || chunks.at(layer.at("chunk").get<std::size_t>()).at("share_of_ii").get<double>() >= busy) {
      layers.push_back(layer);
    }
  }
  std::stable_sort(layers.begin(), layers.end(), [](const Json& a, const Json& b) {
    return a.at("cycles").get<std::int64_t>() > b.at("cycles").get<std::int64_t>();
  });
  return layers;
}

std::string binding_table(const Json& data) {
  std::vector<Json> layers = binding_layers(data);
  const std::size_t all = layers.size();
  layers.resize(std::min(all, layers_shown));
  Table table(
      {"layer<", "op<", "chunk", "tile m×n×rows×cols", "order<", "cycles", "of II", "utilisation", "bound by<"});
  for (const Json& layer : layers) {
    table.add({layer.at("id").get<std::string>(), layer.at("op").get<std::string>(), layer.at("chunk").dump(),
               tile_text(layer.at("tile")), layer.at("order").get<std::string>(), cycles_text(layer.at("cycles")),
               percent(layer.at("share_of_ii")), utilisation_text(layer.at("utilisation")), limit_text(layer)});
  }
  const std::string which =
      data.at("result").at("objective") == "latency"
          ? std::string("that the latency is the sum of")
          : fmt::format("on chunks that work {:.0f} % of the initiation interval (II) or more", 100 * busy);
  return fmt::format("The longest {} of {} layers {}:\n", layers.size(), all, which) + table.text();
}

std::string pareto_table(const Json& pareto) {
  if (pareto.is_null()) {
    return "";
  }
  const Json& axes = pareto.at("axes");
  const auto title = [&](std::size_t axis) {
    return fmt::format("{}, {}", axes[axis].at("title").get<std::string>(), axes[axis].at("unit").get<std::string>());
  };
  Table table({title(0), "bound", title(1), "batch", "chunks"});
  const auto number = [](const Json& value) {
    return value.is_null() ? "-" : fmt::format("{:.4g}", value.get<double>());
  };
  for (const Json& point : pareto.at("points")) {
    table.add({number(point["values"][0]), number(point.at("bound")), number(point["values"][1]),
               point.at("batch").dump(), point.at("chunks").dump()});
  }
  return "\nPareto front:\n" + table.text();
}

std::string tilings_table(const Json& explanation) {
  const bool energy = explanation.at("chosen").contains("energy_pj");
  std::vector<std::string> headings = {"tiling<", "tile m×n×rows×cols", "order<", "cycles", "bound by<"};
  for (const NamedTerm& term : cycle_terms) {
    headings.emplace_back(term.name);
  }
  headings.emplace_back("buffers in/weight/out");
  if (energy) {
    headings.emplace_back("energy, µJ");
  }
  Table table(std::move(headings));
  const auto add = [&](const char* name, const Json& tiling) {
    const Json& tile = tiling.at("tile");
    const Json& buffers = tiling.at("buffers");
    std::vector<std::string> row = {
        name, fmt::format("{}×{}×{}×{}", tile[0].dump(), tile[1].dump(), tile[2].dump(), tile[3].dump()),
        tiling.at("order").get<std::string>(), cycles_text(tiling.at("cycles")), limit_text(tiling)};
    for (const NamedTerm& term : cycle_terms) {
      row.push_back(cycles_text(tiling.at("terms").at(std::string(term.name))));
    }
    const auto share = [&](const char* key) { return fmt::format("{:.0f} %", 100 * buffers.at(key).get<double>()); };
    row.push_back(fmt::format("{} / {} / {}", share("input"), share("weight"), share("output")));
    if (energy) {
      row.push_back(fmt::format("{:.4g}", tiling.at("energy_pj").get<double>() * 1e-6));
    }
    table.add(std::move(row));
  };
  add("chosen", explanation.at("chosen"));
  for (const Json& other : explanation.at("others")) {
    add("other", other);
  }
  return table.text();
}

std::string change_text(const Json& cycles, const Json& fastest) {
  return cycles == fastest ? "±0" : fmt::format("{:+.1f} %", 100 * (cycles.get<double>() / fastest.get<double>() - 1));
}

std::string explanation_text(const Json& explanation) {
  if (explanation.is_null()) {
    return "";
  }
  const Json& fastest = explanation.at("fastest_cycles");
  std::string text = fmt::format(
      "\nWhy {} is mapped so: tiling {} by speed of {} that chunk {} holds; its arithmetic alone takes at least {} "
      "cycles.\n",
      explanation.at("layer").get<std::string>(), cycles_text(explanation.at("rank")),
      cycles_text(explanation.at("fitting")), explanation.at("chunk").dump(),
      cycles_text(explanation.at("least_cycles")));
  text += tilings_table(explanation);
  Table relaxed({"with<", "cycles", "change"});
  for (const Json& relaxation : explanation.at("relaxations")) {
    relaxed.add({relaxation.at("what").get<std::string>(), cycles_text(relaxation.at("cycles")),
                 change_text(relaxation.at("cycles"), fastest)});
  }
  text += fmt::format("\nAt best on a chunk with more of one thing (fastest now: {} cycles):\n", cycles_text(fastest)) +
          relaxed.text();
  if (!explanation.at("elsewhere").empty()) {
    Table elsewhere({"chunk", "cycles of the layer<", "the chunk works already"});
    for (const Json& other : explanation.at("elsewhere")) {
      elsewhere.add({other.at("chunk").dump(),
                     other.at("cycles").is_null() ? "cannot: " + other.at("why_not").get<std::string>()
                                                  : cycles_text(other.at("cycles")),
                     cycles_text(other.at("chunk_cycles"))});
    }
    text += "\nAt best on the other chunks:\n" + elsewhere.text();
  }
  return text;
}

}  // namespace

std::string map_text(const Json& data) {
  return heading(data) + host_line(data.at("host")) + figures_text(data) + store_line(data.at("store")) +
         binding_line(data.at("binding")) + proof_line(data) + target_line(data.at("target")) + "\n" +
         chunks_table(data.at("accelerator").at("chunks")) + "\n" + binding_table(data) +
         pareto_table(data.at("pareto")) + explanation_text(data.at("explanation"));
}

}  // namespace autonba
