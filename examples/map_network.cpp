// map_network [NETWORK [PLATFORM [SPACE [ENGINE]]]]: the accelerator that runs a network at the most images a second.
#include <fmt/format.h>

#include "base/error.hpp"
#include "explore/engine.hpp"
#include "model/load_network.hpp"

using namespace autonba;

int main(int argc, char** argv) try {
  const auto argument = [&](int i, const char* otherwise) { return std::string(i < argc ? argv[i] : otherwise); };
  const Network network = load_network(argument(1, "squeezenet"));  // or a path: model.onnx, network.json, my.yaml
  const Platform platform = load_platform(argument(2, "zc706"));
  const DesignSpace space = load_design_space(argument(3, "fpga"));
  const std::string engine = argument(4, "annealing");

  const Problem problem{network, platform, space, Objective::fps};
  const Budget budget{.evaluations = 2000, .gap = 0.05, .seconds = 60};
  Mapper mapper(platform);
  const Solution found = explore(engine, problem, budget, /*seed=*/1, mapper);
  if (!found.accelerator) {
    throw work_error("{}: none of {} designs fits {}", engine, found.evaluations, platform.name);
  }

  const Accelerator& accelerator = *found.accelerator;
  for (std::size_t i = 0; i < accelerator.chunks.size(); ++i) {
    const Chunk& chunk = accelerator.chunks[i];
    fmt::print("chunk {}: {}, {} bits, unrolled {} x {} x {}, {} cycles\n", i,
               chunk.kind == ChunkKind::conv ? "conv" : "depthwise", chunk.bits, chunk.unroll_m, chunk.unroll_n,
               chunk.unroll_p, found.cost.chunk_cycles[i]);
  }
  fmt::print("{:.1f} FPS at batch {}\n", fps(found.cost.ii_cycles, accelerator.batch, platform), accelerator.batch);
  if (found.bound) {
    fmt::print("proven: no design of the space has more than {:.1f} FPS\n", 1 / *found.bound);
  }
} catch (const std::runtime_error& error) {  // InputError or WorkError: one sentence that says what is wrong
  fmt::print(stderr, "map_network: {}\n", error.what());
  return 1;
}
