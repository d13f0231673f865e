#include "train/bench.hpp"

#include <torch/torch.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <vector>

#include "train/ops/selection.hpp"
#include "train/random_path.hpp"
#include "train/runtime.hpp"
#include "train/trainer.hpp"

namespace autonba {
namespace {

void wait_for(torch::Device device) {
  if (device.is_cuda()) {
    torch::cuda::synchronize();
  }
}

double seconds_of(torch::Device device, const std::function<void()>& work) {
  wait_for(device);
  const auto start = std::chrono::steady_clock::now();
  work();
  wait_for(device);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

double fastest(int repetitions, torch::Device device, const std::function<void()>& work) {
  double best = seconds_of(device, work);
  for (int i = 1; i < repetitions; ++i) {
    best = std::min(best, seconds_of(device, work));
  }
  return best;
}

double map_bytes(const Network& network) {
  double bytes = 0;
  for (const Layer& layer : network.layers) {
    const bool conv = layer.op == LayerOp::conv || layer.op == LayerOp::depthwise;
    bytes += conv ? double{sizeof(float)} * layer.channels_out * height_out(layer) * width_out(layer) : 0;
  }
  return bytes;
}

TensorBatch random_batch(const SearchSpace& space, int count, const NetOptions& options, Rng& rng) {
  TensorBatch batch;
  batch.images = torch::empty({count, space.input.channels, space.input.height, space.input.width})
                     .contiguous(at::MemoryFormat::ChannelsLast);
  std::generate_n(batch.images.data_ptr<float>(), batch.images.numel(),
                  [&] { return static_cast<float>(uniform_index(rng, 256)) / 256; });
  batch.labels = torch::empty({count}, torch::kInt64);
  std::generate_n(batch.labels.data_ptr<std::int64_t>(), count, [&] {
    return static_cast<std::int64_t>(uniform_index(rng, static_cast<std::uint64_t>(options.classes)));
  });
  return {batch.images.to(options.device), batch.labels.to(options.device)};
}

/// The net's part of an arch step: its loss, and the gradients of operator probabilities and bit coefficients.
void arch_step(Supernet& net, const TensorBatch& batch, const std::vector<BlockPath>& path) {
  torch::Tensor loss;
  {
    const Timed timed("arch forward");
    loss = at::cross_entropy_loss(net.forward(batch.images, path, Mode::arch), batch.labels);
  }
  const Timed timed("arch backward");
  loss.backward();
}

class Steps {
 public:
  Steps(const SearchSpace& space, const TrainBenchOptions& options)
      : rng_(make_rng(options.seed, "bench")),
        net_(space, all_candidates(space), {.device = torch::Device(options.device)}, rng_),
        sgd_(net_.parameters(), {}),
        batch_(random_batch(space, options.batch, net_.options(), rng_)) {}

  double weight_step() {
    const std::vector<BlockPath> path = random_weight_path(net_, rng_);
    return seconds_of(net_.options().device, [&] { autonba::weight_step(net_, sgd_, batch_, path, 0.01, 0, {}); });
  }
  double arch_step() {
    const std::vector<BlockPath> path = random_arch_path(net_, 1, rng_);
    return seconds_of(net_.options().device, [&] { autonba::arch_step(net_, batch_, path); });
  }

 private:
  Rng rng_;
  Supernet net_;
  Sgd sgd_;
  TensorBatch batch_;
};

}  // namespace

Roof measure_roof(const std::string& device_name) {
  const torch::NoGradGuard no_grad;
  const torch::Device device(device_name);
  const auto options = torch::TensorOptions(device).dtype(torch::kFloat32);
  const torch::Tensor a = torch::full({1024, 1024}, 0.5, options);
  const torch::Tensor b = torch::full({1024, 1024}, 0.25, options);
  torch::Tensor product = torch::empty({1024, 1024}, options);
  const torch::Tensor from = torch::ones({8 << 20}, options);
  const torch::Tensor to = torch::zeros_like(from);
  return {2 * std::pow(1024.0, 3) / fastest(5, device, [&] { at::mm_out(product, a, b); }),
          2 * static_cast<double>(from.nbytes()) / fastest(5, device, [&] { to.copy_(from); })};
}

StepWork step_work(const SearchSpace& space, int batch) {
  Rng rng = make_rng(1, "step-work");
  std::vector<double> flops, bytes;
  for (int i = 0; i < 200; ++i) {
    const Network network = make_network(space, random_architecture(space, rng), 10);
    flops.push_back(3 * 2 * static_cast<double>(macs(network)) * batch);
    bytes.push_back(map_bytes(network) * batch);
  }
  return {median(flops), median(bytes)};
}

double floor_seconds(const StepWork& work, const Roof& roof) {
  return work.flops / roof.flops_per_second + 12 * work.map_bytes / roof.bytes_per_second;
}

std::vector<TimedEvent> profile_training(const TrainBenchOptions& options) {
  const SearchSpace space = load_space(options.space);
  Steps steps(space, options);
  constexpr int warm_up = 4;
  for (int i = 0; i < warm_up; ++i) {
    steps.weight_step();
    steps.arch_step();
  }
  const Profile profile;
  for (int i = 0; i < options.paths; ++i) {
    i % 2 == 0 ? steps.weight_step() : steps.arch_step();
  }
  return profile.events();
}

TrainBench bench_training(const TrainBenchOptions& options, const std::function<void(double)>& progress) {
  const SearchSpace space = load_space(options.space);
  Steps steps(space, options);
  const int total = options.paths + options.eager_paths;
  std::vector<double> weight, arch, flops, bytes, eager_weight, eager_arch;
  for (int i = 0; i < options.paths; ++i) {
    if (i % 20 == 0) {
      const Roof roof = measure_roof(options.device);
      flops.push_back(roof.flops_per_second);
      bytes.push_back(roof.bytes_per_second);
    }
    i % 2 == 0 ? weight.push_back(steps.weight_step()) : arch.push_back(steps.arch_step());
    progress(static_cast<double>(i + 1) / total);
  }
  TrainBench result;
  result.peak_rss_mb = peak_rss_mb();
  const EagerOps eager;
  for (int i = 0; i < options.eager_paths; ++i) {
    i % 2 == 0 ? eager_weight.push_back(steps.weight_step()) : eager_arch.push_back(steps.arch_step());
    progress(static_cast<double>(options.paths + i + 1) / total);
  }
  result.roof = {median(flops), median(bytes)};
  result.floor_seconds = floor_seconds(step_work(space, options.batch), result.roof);
  result.weight_step_seconds = median(weight);
  result.arch_step_seconds = median(arch);
  result.eager_weight_step_seconds = median(eager_weight);
  result.eager_arch_step_seconds = median(eager_arch);
  return result;
}

}  // namespace autonba
