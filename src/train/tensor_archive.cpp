#include "train/tensor_archive.hpp"

#include <torch/torch.h>

#include "base/error.hpp"

namespace autonba {
namespace {

std::string described(const std::string& name, const torch::Tensor& tensor) {
  return fmt::format("{} [{}] of {}", name, fmt::join(tensor.sizes(), ", "), c10::toString(tensor.scalar_type()));
}

}  // namespace

std::string pack_tensors(const NamedTensors& tensors) {
  c10::Dict<std::string, torch::Tensor> dictionary;
  for (const auto& [name, tensor] : tensors) {
    dictionary.insert(name, tensor.detach().cpu());
  }
  const std::vector<char> bytes = torch::pickle_save(dictionary);
  return {bytes.begin(), bytes.end()};
}

NamedTensors unpack_tensors(const std::string& bytes, const std::string& file) {
  try {
    const torch::IValue value = torch::pickle_load({bytes.begin(), bytes.end()});
    NamedTensors tensors;
    for (const auto& entry : value.toGenericDict()) {
      tensors.emplace_back(entry.key().toStringRef(), entry.value().toTensor());
    }
    return tensors;
  } catch (const c10::Error&) {
    throw input_error("{}: is damaged: it is not a torch archive of named tensors", file);
  }
}

void copy_tensors(const NamedTensors& from, const NamedTensors& to, const std::string& file) {
  if (from.size() != to.size()) {
    throw input_error("{}: holds {} tensors where this network has {}", file, from.size(), to.size());
  }
  for (std::size_t i = 0; i < to.size(); ++i) {
    const std::string found = described(from[i].first, from[i].second);
    const std::string wanted = described(to[i].first, to[i].second);
    if (found != wanted) {
      throw input_error("{}: holds {} where this network has {}", file, found, wanted);
    }
  }
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < to.size(); ++i) {
    to[i].second.copy_(from[i].second);
  }
}

}  // namespace autonba
