#include "train/tensor_archive.hpp"

#include <caffe2/serialize/inline_container.h>
#include <torch/csrc/jit/serialization/import_read.h>
#include <torch/torch.h>

#include <sstream>

#include "base/error.hpp"

namespace autonba {
namespace {

std::string described(const std::string& name, const torch::Tensor& tensor) {
  return fmt::format("{} [{}] of {}", name, fmt::join(tensor.sizes(), ", "), c10::toString(tensor.scalar_type()));
}

/// Whether the record is there that ends every ZIP archive: what is cut short has none, and libtorch leaks over it.
bool ends_whole(const std::string& bytes) {
  constexpr std::size_t end_record_bytes = 22;
  constexpr const char* signature = "PK\5\6";
  return bytes.size() >= end_record_bytes && bytes.compare(bytes.size() - end_record_bytes, 4, signature) == 0;
}

InputError damaged(const std::string& file) {
  return input_error("{}: is damaged: it is not a torch archive of named tensors", file);
}

/// As torch::pickle_load, which reads beyond the end of a file that is cut short; a stream does not.
torch::IValue unpickle(const std::string& bytes) {
  std::istringstream stream(bytes);
  caffe2::serialize::PyTorchStreamReader reader(&stream);
  return torch::jit::readArchiveAndTensors("data", "", "", {}, {}, {}, reader);
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
  if (!ends_whole(bytes)) {
    throw damaged(file);
  }
  try {
    const torch::IValue value = unpickle(bytes);
    NamedTensors tensors;
    for (const auto& entry : value.toGenericDict()) {
      tensors.emplace_back(entry.key().toStringRef(), entry.value().toTensor());
    }
    return tensors;
  } catch (const c10::Error&) {
    throw damaged(file);
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
