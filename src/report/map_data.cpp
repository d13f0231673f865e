#include <algorithm>
#include <array>
#include <map>

#include "accel/accelerator_json.hpp"
#include "accel/cycles.hpp"
#include "accel/resources.hpp"
#include "accel/traffic.hpp"
#include "report/design.hpp"
#include "report/map_report.hpp"
#include "report/store_data.hpp"

namespace autonba {
namespace {

constexpr double hz_of_mhz = 1e6;
constexpr double ms_of_s = 1e3;
constexpr const char* order_names[] = {"rows_outer", "channels_outer"};

Json terms_json(const CycleTerms& terms) {
  Json json = Json::object();
  for (const NamedTerm& term : cycle_terms) {
    json[std::string(term.name)] = terms.*term.cycles;
  }
  return json;
}

/// What the roofline counts of a batch: multiply-accumulates, for pooling the values that are pooled.
std::int64_t work_of(const Layer& layer, int batch) {
  const bool pooling = layer.op == LayerOp::avgpool || layer.op == LayerOp::maxpool;
  const std::int64_t pooled =
      std::int64_t{1} * height_out(layer) * width_out(layer) * layer.channels_out * layer.kernel[0] * layer.kernel[1];
  return batch * (pooling ? pooled : macs(layer));
}

/// What a layer's cycles are spent on, and what it moves.
Json layer_details(const Layer& layer, const LayerShape& shape, const LayerPlace& place, const StoreUse& use,
                   const MapResult& result) {
  const Chunk& chunk = result.accelerator.chunks[static_cast<std::size_t>(place.chunk)];
  const int batch = result.accelerator.batch;
  const CycleTerms terms = layer_terms(shape, chunk, place.mapping, batch, result.platform, use);
  const Traffic traffic = layer_traffic(shape, chunk, place.mapping, batch, use);
  const std::int64_t bytes = (traffic.loaded_words + traffic.stored_words) * chunk.port_bits / 8;
  const std::int64_t work = work_of(layer, batch);
  const double seconds = static_cast<double>(total(terms)) / (result.platform.clock_mhz * hz_of_mhz);
  return {{"limit", largest_term(terms).name},
          {"terms", terms_json(terms)},
          {"operations", work},
          {"external_bytes", bytes},
          {"operations_per_byte", static_cast<double>(work) / static_cast<double>(bytes)},
          {"operations_per_second", static_cast<double>(work) / seconds}};
}

/// accelerator_data with the details of every layer.
Json accelerator_with_details(const MapResult& result, const Json& document) {
  Json data = accelerator_data(result.network, document);
  const std::vector<LayerShape> shapes = layer_shapes(result.network);
  const std::vector<StoreUse> uses = store_uses(result.network, result.accelerator);
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    Json& layer = data["layers"][i];
    layer.update(layer_details(result.network.layers[i], shapes[i], result.accelerator.places[i], uses[i], result));
    if (result.cost.energy) {
      layer["energy_pj"] = result.cost.energy->layer_pj[i];
    }
  }
  return data;
}

/// The most that each chunk computes and moves a second, and the same of all chunks with the whole memory; the network
/// in steady state as a point of its own.
Json roofline_data(const MapResult& result, const Json& layers) {
  const double clock = result.platform.clock_mhz * hz_of_mhz;
  Json roofs = Json::array();
  double all_macs = 0;
  for (const Chunk& chunk : result.accelerator.chunks) {
    const auto macs_a_cycle = static_cast<double>(mac_count(chunk));
    all_macs += macs_a_cycle;
    roofs.push_back(
        {{"operations_per_second", macs_a_cycle * clock}, {"bytes_per_second", chunk.port_bits / 8. * clock}});
  }
  double work = 0;
  double bytes = 0;
  for (const Json& layer : layers) {
    work += layer.at("operations").get<double>();
    bytes += layer.at("external_bytes").get<double>();
  }
  const double seconds = static_cast<double>(result.cost.ii_cycles) / clock;
  return {{"chunks", roofs},
          {"together",
           {{"operations_per_second", all_macs * clock},
            {"bytes_per_second", result.platform.memory_bits_per_cycle / 8. * clock}}},
          {"network", {{"operations_per_byte", work / bytes}, {"operations_per_second", work / seconds}}}};
}

Json asked_data(const MapResult& result, const MapCall& call) {
  const auto given_or_null = [](const std::string& text) { return text.empty() ? Json() : Json(text); };
  return {{"network", result.name},
          {"layers", result.network.layers.size()},
          {"macs", macs(result.network)},
          {"weights", weight_count(result.network)},
          {"platform", result.platform.name},
          {"space", given_or_null(result.space)},
          {"engine", given_or_null(result.engine)},
          {"seed", result.engine.empty() ? Json() : Json(result.seed)},
          {"objective", words_of(result.objective).name},
          {"command", given_or_null(call.command)},
          {"version", given_or_null(call.version)}};
}

/// The figures of result.json (docs/files.md) that a mapping has.
Json figures(const MapResult& result) {
  const Cost& cost = result.cost;
  const int batch = result.accelerator.batch;
  Json json = {
      {"objective", words_of(result.objective).name},
      {"value", value_of(result.objective, result)},
      {"fps", fps(cost.ii_cycles, batch, result.platform)},
      {"ii_cycles", cost.ii_cycles},
      {"batch", batch},
      {"latency_ms", static_cast<double>(cost.latency_cycles) / (result.platform.clock_mhz * hz_of_mhz) * ms_of_s}};
  if (cost.energy) {
    json["energy_mj"] = energy_mj(*cost.energy, batch);
  }
  json.update({{"dsp", cost.resources.dsp},
               {"bram18", cost.resources.bram18},
               {"lut", cost.resources.lut},
               {"ff", cost.resources.ff}});
  if (result.platform.asic) {
    json["area_um2"] = cost.resources.area_um2;
  }
  json["fits"] = fits(cost.resources, result.platform);
  json["search_seconds"] = result.engine.empty() ? Json() : Json(result.search_seconds);
  return json;
}

Json target_data(const MapResult& result) {
  if (!result.target) {
    return {};
  }
  const ObjectiveWords& words = words_of(result.target->metric);
  return {{"metric", words.name},
          {"value", result.target->value},
          {"unit", words.unit},
          {"words", in_words(*result.target)},
          {"met", target_met(result).value()}};
}

/// Value, bound and gap, in the objective's own unit and in that of people.
Json proof_data(const MapResult& result) {
  const ObjectiveWords& words = words_of(result.objective);
  const double value = value_of(result.objective, result);
  Json json = {{"title", words.title},
               {"unit", words.unit},
               {"higher_is_better", words.higher_is_better},
               {"value", in_words(result.objective, value)},
               {"bound", nullptr},
               {"gap", nullptr}};
  if (result.bound) {
    json["bound"] = in_words(result.objective, *result.bound);
    json["gap"] = gap_of(value, *result.bound);
  }
  return json;
}

/// What is left to the host, by operator, the largest first; null where nothing is.
Json host_data(const Network& network) {
  if (network.host_ops.empty()) {
    return {};
  }
  struct Group {
    std::string op;
    std::int64_t operations = 0;
    std::vector<std::string> ids;
  };
  std::map<std::string, Group> groups;
  for (const HostOp& op : network.host_ops) {
    Group& group = groups[op.op];
    group.op = op.op;
    group.operations += op.operations;
    group.ids.push_back(op.id);
  }
  std::vector<Group> sorted;
  for (auto& [name, group] : groups) {
    sorted.push_back(std::move(group));
  }
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const Group& a, const Group& b) { return a.operations > b.operations; });
  Json list = Json::array();
  for (const Group& group : sorted) {
    list.push_back(
        {{"op", group.op}, {"count", group.ids.size()}, {"operations", group.operations}, {"ids", group.ids}});
  }
  return {{"share", host_share(network)}, {"operations", list}};
}

Json pareto_data(const MapResult& result) {
  if (!result.axes) {
    return {};
  }
  Json axes = Json::array();
  for (const Objective axis : *result.axes) {
    const ObjectiveWords& words = words_of(axis);
    axes.push_back({{"name", words.name},
                    {"title", words.title},
                    {"unit", words.unit},
                    {"higher_is_better", words.higher_is_better}});
  }
  Json points = Json::array();
  for (const ParetoPoint& point : result.front) {
    Json values = Json::array();
    for (std::size_t axis = 0; axis < point.values.size(); ++axis) {
      values.push_back(in_unit((*result.axes)[axis], point.values[axis]));
    }
    points.push_back({{"values", values},
                      {"bound", point.bound ? Json(in_unit((*result.axes)[0], *point.bound)) : Json()},
                      {"batch", point.accelerator.batch},
                      {"chunks", point.accelerator.chunks.size()}});
  }
  return {{"axes", axes}, {"points", points}};
}

Json tiling_json(const ExplainedTiling& tiling, const Chunk& chunk) {
  const auto share = [](std::int64_t words, int depth) { return static_cast<double>(words) / depth; };
  Json json = {
      {"tile", {tiling.mapping.tile_m, tiling.mapping.tile_n, tiling.mapping.tile_rows, tiling.mapping.tile_cols}},
      {"order", order_names[static_cast<std::size_t>(tiling.mapping.order)]},
      {"cycles", total(tiling.terms)},
      {"limit", largest_term(tiling.terms).name},
      {"terms", terms_json(tiling.terms)},
      {"buffers",
       {{"input", share(tiling.words.input, chunk.depth_input)},
        {"weight", share(tiling.words.weight, chunk.depth_weight)},
        {"output", share(tiling.words.output, chunk.depth_output)}}}};
  if (tiling.energy_pj) {
    json["energy_pj"] = *tiling.energy_pj;
  }
  return json;
}

Json explanation_data(const MapResult& result) {
  if (!result.explanation) {
    return {};
  }
  const Explanation& why = *result.explanation;
  const Chunk& chunk = result.accelerator.chunks[why.chunk];
  Json others = Json::array();
  for (const ExplainedTiling& tiling : why.others) {
    others.push_back(tiling_json(tiling, chunk));
  }
  Json relaxations = Json::array();
  for (const Relaxation& relaxation : why.relaxations) {
    relaxations.push_back({{"what", relaxation.what}, {"cycles", relaxation.cycles}});
  }
  Json elsewhere = Json::array();
  for (const Elsewhere& other : why.elsewhere) {
    elsewhere.push_back({{"chunk", other.chunk},
                         {"chunk_cycles", other.chunk_cycles},
                         {"cycles", other.cycles ? Json(*other.cycles) : Json()},
                         {"why_not", other.why_not}});
  }
  return {{"layer", result.network.layers[why.layer].id},
          {"chunk", why.chunk},
          {"chosen", tiling_json(why.chosen, chunk)},
          {"rank", why.rank},
          {"fitting", why.fitting},
          {"fastest_cycles", why.fastest_cycles},
          {"least_cycles", why.least_cycles},
          {"others", others},
          {"relaxations", relaxations},
          {"elsewhere", elsewhere}};
}

}  // namespace

Json accelerator_document(const MapResult& result) {
  std::optional<Proof> proof;
  if (result.bound) {
    proof = {.bound = *result.bound, .gap = gap_of(value_of(result.objective, result), *result.bound)};
  }
  return to_json(result.network, result.accelerator, result.platform, proof);
}

Json map_data(const MapResult& result, const Json& accelerator, const MapCall& call) {
  Json data = {{"asked", asked_data(result, call)}, {"result", figures(result)},
               {"target", target_data(result)},     {"proof", proof_data(result)},
               {"host", host_data(result.network)}, {"accelerator", accelerator_with_details(result, accelerator)}};
  data["binding"] = binding_data(result, data["accelerator"]["layers"]);
  data["store"] = store_data(result, accelerator);
  data["roofline"] = roofline_data(result, data["accelerator"]["layers"]);
  data["pareto"] = pareto_data(result);
  data["explanation"] = explanation_data(result);
  return data;
}

Json map_summary(const Json& data) {
  const Json& asked = data.at("asked");
  const Json& proof = data.at("proof");
  Json summary = {{"network", asked.at("network")},
                  {"platform", asked.at("platform")},
                  {"space", asked.at("space")},
                  {"engine", asked.at("engine")},
                  {"seed", asked.at("seed")}};
  summary.update(data.at("result"));
  summary["bound"] = data.at("accelerator").at("cost").at("bound");
  summary["optimality_gap"] = proof.at("gap");
  summary["target"] = data.at("target");
  summary["binding"] = data.at("binding");
  summary["store"] = data.at("store");
  summary["template_only"] = !data.at("host").is_null();
  summary["host"] = data.at("host");
  summary["pareto"] = data.at("pareto");
  summary["explanation"] = data.at("explanation");
  return summary;
}

Json pareto_document(const MapResult& result) {
  Json document = pareto_data(result);
  for (std::size_t i = 0; i < result.front.size(); ++i) {
    document["points"][i]["accelerator"] = to_json(result.network, result.front[i].accelerator, result.platform);
  }
  return document;
}

}  // namespace autonba
