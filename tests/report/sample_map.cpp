#include "sample_map.hpp"

#include "sample_run.hpp"

namespace autonba::sample {

MapTask task_on(const std::string& platform) {
  MapTask task{.name = "sample", .network = network(), .platform = load_platform(platform), .space = {}};
  task.space = load_design_space(task.platform.asic ? "asic" : "fpga-small");
  task.engine = "annealing";
  task.budget = {.evaluations = 100};
  return task;
}

MapResult mapped(const std::string& platform) {
  const MapTask task = task_on(platform);
  Mapper mapper(task.platform);
  return map_network(task, mapper);
}

Json data_of(const MapResult& result) {
  return map_data(result, accelerator_document(result));
}

}  // namespace autonba::sample
