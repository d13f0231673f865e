#include "sample_run.hpp"

#include <algorithm>
#include <cmath>

#include "accel/accelerator_json.hpp"
#include "base/random.hpp"
#include "explore/mapper.hpp"
#include "model/network_json.hpp"

namespace autonba::sample {
namespace {

constexpr double target_fps = 12000;

const SearchSpace& space() {
  static const SearchSpace quick = load_space(std::string(AUTONBA_SOURCE_DIR) + "/configs/spaces/quick.yaml");
  return quick;
}

Architecture architecture() {
  // k3_e3, skip, k5_e3, k3_e1_g2, k3_e3, k3_e6, k5_e1
  return {{2, 2}, {8, 0}, {6, 1}, {1, 2}, {2, 0}, {3, 1}, {4, 0}};
}

Json architecture_json() {
  Json choices = Json::array();
  for (const BlockChoice& choice : architecture()) {
    choices.push_back({{"op", name(space().operators[static_cast<std::size_t>(choice.op)])},
                       {"bits", space().bits[static_cast<std::size_t>(choice.bits)]}});
  }
  return choices;
}

/// Probabilities that lean on `chosen` the more, the larger `share_done` is.
std::vector<double> leaning(std::size_t count, std::size_t chosen, double share_done, Rng& rng) {
  std::vector<double> p(count);
  double sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    p[i] = std::exp((i == chosen ? 4 * share_done : 0) + 0.5 * normal(rng) * share_done);
    sum += p[i];
  }
  for (double& value : p) {
    value /= sum;
  }
  return p;
}

Json space_event() {
  Json blocks = Json::array();
  for (const Block& block : space().blocks) {
    blocks.push_back({{"channels_in", block.channels_in},
                      {"channels_out", block.channels_out},
                      {"stride", block.stride},
                      {"height_in", block.height_in},
                      {"width_in", block.width_in}});
  }
  Json operators = Json::array();
  for (const Operator& op : space().operators) {
    operators.push_back(name(op));
  }
  return {{"event", "space"}, {"blocks", blocks}, {"operators", operators}, {"bits", space().bits}};
}

/// What every epoch's line says; `share_done` of its phase, and how much has been learnt in phases before.
Json epoch_event(const char* phase, int epoch, int epochs, double learnt) {
  const double error = 0.09 + 0.45 * std::exp(-3 * learnt);
  return {{"event", "epoch"},
          {"phase", phase},
          {"epoch", epoch},
          {"epochs", epochs},
          {"train_loss", 2.7 * error},
          {"train_top1", 1 - error},
          {"learning_rate", 0.025 * 0.5 * (1 + std::cos(3.14159265 * (epoch - 1) / epochs))},
          {"seconds", 41.5}};
}

Json search_epoch(int epoch, int epochs, double learnt) {
  const double done = static_cast<double>(epoch) / epochs;
  Rng rng = make_rng(7, "sample", static_cast<std::uint64_t>(epoch));
  Json line = epoch_event("search", epoch, epochs, learnt);
  const double fps = target_fps * (0.45 + 0.6 * done);
  line.update({{"tau", 5 * std::pow(0.05, done)},
               {"expected_seconds", 1 / fps},
               {"expected_fps", fps},
               {"target_seconds", 1 / target_fps},
               {"lambda", 0.4 * std::sin(2.2 * done)},
               {"alpha_entropy", 1 - 0.7 * done},
               {"beta_entropy", 1 - 0.5 * done},
               {"architecture", architecture_json()}});
  for (const BlockChoice& choice : architecture()) {
    line["alpha"].push_back(leaning(space().operators.size(), static_cast<std::size_t>(choice.op), done, rng));
    line["beta"].push_back(leaning(space().bits.size(), static_cast<std::size_t>(choice.bits), 0.7 * done, rng));
  }
  return line;
}

std::vector<Json> metrics(const Progress& progress) {
  std::vector<Json> lines = {{{"event", "started"},
                              {"command", "autonba search configs/quick.yaml --out runs/quick"},
                              {"version", "0.1.0"},
                              {"threads", 2}},
                             space_event()};
  const auto validated = [](Json line, double gap) {
    line["val_loss"] = line["train_loss"].get<double>() + 3 * gap;
    line["val_top1"] = line["train_top1"].get<double>() - gap;
    return line;
  };
  const double epochs = std::max(1, progress.warmup + progress.search);
  for (int epoch = 1; epoch <= progress.warmup; ++epoch) {
    lines.push_back(epoch_event("warmup", epoch, progress.warmup, epoch / epochs));
  }
  const int planned = progress.derived ? progress.search : progress.search + 1;
  for (int epoch = 1; epoch <= progress.search; ++epoch) {
    const double fps = target_fps * (0.6 + 0.45 * epoch / planned);
    lines.push_back({{"event", "accelerator"},
                     {"phase", "search"},
                     {"step", 100 * epoch - 50},
                     {"value", 1 / fps},
                     {"fps", fps},
                     {"evaluations", 300}});
    lines.push_back(validated(search_epoch(epoch, planned, (progress.warmup + epoch) / epochs), 0.012));
  }
  if (progress.derived) {
    lines.push_back({{"event", "derived"}, {"architecture", architecture_json()}, {"substitutions", 1}});
  }
  for (int epoch = 1; epoch <= progress.train; ++epoch) {
    const Json line = epoch_event("train", epoch, progress.train, 1.5 * epoch / progress.train);
    lines.push_back(epoch % 2 == 0 ? validated(line, 0.008) : line);
  }
  return lines;
}

Chunk chunk(ChunkKind kind, int bits, int m, int n, int p) {
  return {.kind = kind,
          .bits = bits,
          .unroll_m = m,
          .unroll_n = n,
          .unroll_p = p,
          .mac = MacKind::dsp2,
          .requant_lanes = m,
          .stride_max = 2,
          .depth_input = 1024,
          .depth_weight = 512,
          .depth_output = 512,
          .port_bits = 32};
}

/// Every layer on the chunk that has done least so far, of those that can run it, with its best mapping there.
Accelerator accelerator(const Network& net, Mapper& mapper) {
  Accelerator built{.batch = 4,
                    .chunks = {chunk(ChunkKind::conv, 8, 16, 8, 4), chunk(ChunkKind::conv, 8, 16, 8, 1),
                               chunk(ChunkKind::depthwise, 8, 16, 1, 4)}};
  std::vector<std::int64_t> busy(built.chunks.size());
  for (const ShapeId shape : mapper.intern(net)) {
    std::optional<LayerPlace> place;
    std::int64_t done = 0;
    for (std::size_t c = 0; c < built.chunks.size(); ++c) {
      const auto best = mapper.best(shape, built.chunks[c], built.batch);
      if (best && (!place || busy[c] + best->cycles < done)) {
        place = LayerPlace{static_cast<int>(c), best->mapping};
        done = busy[c] + best->cycles;
      }
    }
    busy[static_cast<std::size_t>(place.value().chunk)] = done;
    built.places.push_back(*place);
  }
  return built;
}

/// accelerator.json, as the cost model and the schedule have it.
const Json& accelerator_document() {
  static const Json document = [] {
    const Platform platform = load_platform(std::string(AUTONBA_SOURCE_DIR) + "/configs/platforms/zc706.yaml");
    Mapper mapper(platform);
    return to_json(network(), accelerator(network(), mapper), platform);
  }();
  return document;
}

/// Written when the search has ended, completed when the training has.
Json result(const Progress& progress, const Json& built) {
  if (!progress.derived) {
    return {};
  }
  const Json& cost = built.at("cost");
  Json document = {{"schema", "autonba.result/1"},
                   {"dataset", "fashion-mnist"},
                   {"platform", "zc706"},
                   {"engine", "das"},
                   {"seed", 1},
                   {"target", {{"metric", "fps"}, {"value", target_fps}, {"unit", "images/s"}}},
                   {"objective", "fps"},
                   {"value", 1 / cost.at("fps").get<double>()},
                   {"fps", cost.at("fps")},
                   {"ii_cycles", cost.at("ii_cycles")},
                   {"batch", built.at("batch")},
                   {"latency_ms",
                    cost.at("latency_cycles").get<double>() / built.at("platform").at("clock_mhz").get<double>() / 1e3},
                   {"dsp", cost.at("dsp")},
                   {"bram18", cost.at("bram18")},
                   {"lut", cost.at("lut")},
                   {"ff", cost.at("ff")},
                   {"search_seconds", 251.3},
                   {"peak_rss_mb", 903.0}};
  if (progress.train > 0) {
    document.update({{"top1", 0.9087}, {"train_seconds", 164.9}});
  }
  return document;
}

}  // namespace

Network network() {
  return make_network(space(), architecture(), 10);
}

ReportInput run(const Progress& progress) {
  const Json& built = accelerator_document();
  ReportInput input{
      .result = result(progress, built),
      .metrics = metrics(progress),
      .config =
          "dataset: fashion-mnist\nspace: quick\nplatform: zc706\ntarget:\n  metric: fps\n  value: 12000\n"
          "seed: 1\nthreads: 2\ndevice: cpu\naccelerator:\n  engine: das\n"};
  if (progress.derived) {
    input.network = to_json(network());
    input.accelerator = built;
  }
  return input;
}

}  // namespace autonba::sample
