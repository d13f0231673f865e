#include "cosearch/pricing.hpp"

#include <algorithm>
#include <numeric>

#include "accel/accelerator_json.hpp"
#include "accel/placement.hpp"
#include "base/error.hpp"
#include "cosearch/state_json.hpp"
#include "explore/expected.hpp"

namespace autonba {

Pricing::Pricing(SearchSpace space, int classes, Platform platform, DesignSpace design_space, Objective objective)
    : space_(std::move(space)),
      classes_(classes),
      platform_(std::move(platform)),
      design_space_(std::move(design_space)),
      objective_(objective),
      mapper_(platform_) {}

Network Pricing::network(const Architecture& architecture) const {
  return make_network(space_, architecture, classes_);
}

LayerTime Pricing::time_of(const Layer& layer, ShapeId shape, const StoreUse& use) {
  const auto held = held_.find(layer.id);
  const bool is_held = held != held_.end() && held->second.shape == shape && held->second.use == use;
  return is_held ? held->second.time : fastest_time(shape, solved_->accelerator, mapper_, use);
}

std::vector<LayerPlace> Pricing::map_places(const Network& network) const {
  std::vector<LayerPlace> places(network.layers.size());
  if (!solved_->accelerator.store) {
    return places;
  }
  const PlacementGroups groups = placement_groups(network);
  std::vector<char> known(groups.count, 0);
  std::vector<char> stored(groups.count, 0);
  for (std::size_t i = 0; i < places.size(); ++i) {
    const int group = groups.layers[i].output;
    if (group == always_external) {
      continue;
    }
    const auto number = static_cast<std::size_t>(group);
    if (known[number] == 0) {  // the first map of a group speaks for all
      const auto held = held_.find(network.layers[i].id);
      stored[number] = (held == held_.end() ? stores_new_maps_ : held->second.writes_store) ? 1 : 0;
      known[number] = 1;
    }
    places[i].writes_store = stored[number] != 0;
  }
  return places;
}

std::vector<StoreUse> Pricing::uses_of(const Network& network) const {
  Accelerator placed = solved_->accelerator;
  placed.places = map_places(network);
  return store_uses(network, placed);
}

void Pricing::solve_for(const Architecture& architecture, Accelerator accelerator) {
  const Network solved_network = network(architecture);
  const std::vector<ShapeId> shapes = mapper_.intern(solved_network);
  const std::vector<StoreUse> uses = store_uses(solved_network, accelerator);
  const std::vector<bool> storable = storable_maps(solved_network);
  held_.clear();
  int stored = 0;
  int external = 0;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    const LayerPlace& place = accelerator.places[i];
    const std::int64_t cycles =
        layer_cycles(mapper_.shape(shapes[i]), accelerator.chunks[static_cast<std::size_t>(place.chunk)], place.mapping,
                     accelerator.batch, platform_, uses[i]);
    held_[solved_network.layers[i].id] = {
        shapes[i], uses[i], {place.chunk, static_cast<double>(cycles)}, place.writes_store};
    stored += place.writes_store ? 1 : 0;
    external += storable[i] && !place.writes_store ? 1 : 0;
  }
  stores_new_maps_ = stored > external;
  solved_ = SolvedAccelerator{std::move(accelerator), architecture};
}

Solution Pricing::refresh(const Architecture& architecture, const std::string& engine, const Budget& budget,
                          std::uint64_t seed) {
  const Network wanted = network(architecture);
  std::optional<Accelerator> start;
  if (solved_) {
    start = solved_->accelerator;
    const std::vector<ShapeId> shapes = mapper_.intern(wanted);
    const std::vector<StoreUse> uses = uses_of(wanted);
    start->places = map_places(wanted);
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      start->places[i].chunk = time_of(wanted.layers[i], shapes[i], uses[i]).chunk;
    }
  }
  const Problem problem{wanted, platform_, design_space_, objective_};
  Solution solution = explore(engine, problem, budget, seed, mapper_, start);
  if (!solution.accelerator) {
    throw work_error(
        "no accelerator of the space {} was found in {} evaluations that fits on {}; allow more evaluations",
        design_space_.name, solution.evaluations, platform_.name);
  }
  solve_for(architecture, *solution.accelerator);
  return solution;
}

template <typename Wanted>
std::vector<double> Pricing::seconds_of(const Architecture& architecture, Wanted wanted) {
  const Network priced = network(architecture);
  const std::vector<ShapeId> shapes = mapper_.intern(priced);
  const std::vector<StoreUse> uses = uses_of(priced);
  std::vector<LayerTime> times;
  for (std::size_t i = 0; i < shapes.size(); ++i) {
    if (wanted(priced.layers[i])) {
      times.push_back(time_of(priced.layers[i], shapes[i], uses[i]));
    }
  }
  return autonba::chunk_seconds(times, solved_->accelerator, platform_);
}

std::vector<double> Pricing::chunk_seconds(const Architecture& architecture) {
  return seconds_of(architecture, [](const Layer&) { return true; });
}

std::vector<double> Pricing::fixed_seconds(const Architecture& architecture) {
  return seconds_of(architecture, [](const Layer& layer) { return layer.block < 0; });
}

std::vector<double> Pricing::block_seconds(const Architecture& architecture, std::size_t block,
                                           const BlockChoice& choice) {
  Architecture changed = architecture;
  changed[block] = choice;
  return seconds_of(changed, [&](const Layer& layer) { return layer.block == static_cast<int>(block); });
}

double Pricing::objective_seconds(const std::vector<double>& chunk_seconds) const {
  return objective_ == Objective::latency ? std::accumulate(chunk_seconds.begin(), chunk_seconds.end(), 0.0)
                                          : *std::max_element(chunk_seconds.begin(), chunk_seconds.end());
}

Json Pricing::save() const {
  if (!solved_) {
    return {};
  }
  return {{"architecture", architecture_indices(solved_->architecture)},
          {"accelerator", to_json(network(solved_->architecture), solved_->accelerator, platform_)}};
}

void Pricing::restore(const Json& saved, const std::string& name) {
  solved_.reset();
  held_.clear();
  if (saved.is_null()) {
    return;
  }
  const Architecture architecture = architecture_from_indices(saved.at("architecture"));
  solve_for(architecture, accelerator_from_json(saved.at("accelerator"), network(architecture), name).accelerator);
}

}  // namespace autonba
