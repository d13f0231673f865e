#pragma once

#include <torch/types.h>

#include <string>
#include <utility>
#include <vector>

namespace autonba {

using NamedTensors = std::vector<std::pair<std::string, torch::Tensor>>;

/// A torch archive of a dictionary of tensors, in the order given, as torch.load reads it. Equal tensors give equal
/// bytes.
std::string pack_tensors(const NamedTensors& tensors);

/// Throws InputError, naming `file`, if the bytes are no such archive.
NamedTensors unpack_tensors(const std::string& bytes, const std::string& file);

/// Copies every tensor of `from` into the one of the same place in `to`. Throws InputError, naming `file`, unless
/// names, shapes and types are the same.
void copy_tensors(const NamedTensors& from, const NamedTensors& to, const std::string& file);

}  // namespace autonba
