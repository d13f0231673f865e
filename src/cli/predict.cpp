#include <fmt/format.h>
#include <torch/torch.h>

#include <filesystem>

#include "base/files.hpp"
#include "cli/command.hpp"
#include "cosearch/trained.hpp"
#include "train/data/image.hpp"
#include "train/data/to_tensor.hpp"
#include "train/runtime.hpp"

namespace autonba {
namespace {

constexpr std::int64_t shown_classes = 3;

/// The likeliest classes of one image, likeliest first.
Json predict_one(TrainedNetwork& trained, const std::string& file) {
  const NetworkInput& input = trained.net.space().input;
  const ImageShape shape = image_shape(trained.config.dataset, input.height);
  const torch::Tensor image = to_tensor(load_image(file, shape), shape, trained.net.options().device);
  const torch::NoGradGuard no_grad;
  const torch::Tensor logits = trained.net.forward(image, derived_path(trained.net), Mode::evaluation);
  const torch::Tensor p = logits.softmax(1).to(torch::kCPU, torch::kFloat64)[0];
  const auto [values, indices] = p.topk(std::min<std::int64_t>(shown_classes, p.size(0)));
  Json classes = Json::array();
  for (std::int64_t i = 0; i < values.size(0); ++i) {
    const auto index = indices[i].item<std::int64_t>();
    classes.push_back({{"class", trained.class_names[static_cast<std::size_t>(index)]},
                       {"index", index},
                       {"probability", values[i].item<double>()}});
  }
  return {{"image", file}, {"classes", classes}};
}

void predict(const CommonOptions& common, const std::string& run, const std::vector<std::string>& files) {
  set_up_runtime(thread_count(common), device_of(common));
  TrainedNetwork trained = load_trained(run, torch::Device(device_of(common)));
  Json predictions = Json::array();
  std::string text;
  for (const std::string& file : files) {
    predictions.push_back(predict_one(trained, file));
    text += file + ":";
    for (const Json& of_class : predictions.back()["classes"]) {
      text += fmt::format("  {} {:.1f} %", of_class["class"].get<std::string>(),
                          100 * of_class["probability"].get<double>());
    }
    text += "\n";
  }
  print_result(common, {{"predictions", predictions}}, text);
}

}  // namespace

void add_predict(CLI::App& app, CommonOptions& common) {
  CLI::App* command =
      add_command(app, common, "predict", "Classifies image files with the network that a run has trained.");
  auto run = std::make_shared<std::string>();
  auto files = std::make_shared<std::vector<std::string>>();
  command->add_option("run", *run, "folder of a finished run")->required();
  command->add_option("images", *files, "JPEG or PNG files")->required();
  command->footer("Images are resized and cut as those of the dataset that the network was trained on.");
  command->callback([&common, run, files] { predict(common, *run, *files); });
}

}  // namespace autonba
