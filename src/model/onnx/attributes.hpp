#pragma once

#include <string>
#include <vector>

#include "model/onnx/draft.hpp"

namespace autonba::onnx_import {

bool has_attribute(const Node& node, const std::string& name);

/// The attribute, or `otherwise` where the node has none. Throws InputError where it has another type.
std::int64_t int_attribute(const Draft& draft, const Node& node, const std::string& name, std::int64_t otherwise);
std::vector<std::int64_t> ints_attribute(const Draft& draft, const Node& node, const std::string& name);
double float_attribute(const Draft& draft, const Node& node, const std::string& name, double otherwise);
std::string string_attribute(const Draft& draft, const Node& node, const std::string& name,
                             const std::string& otherwise);

/// The values of an input that must be a small constant; none where the input is left out. Throws InputError where it
/// is not known before the network runs.
std::optional<std::vector<double>> constant_input(const Draft& draft, const Node& node, std::size_t index);

/// Whether that is so, or the input is left out.
bool is_known(const Node& node, std::size_t index);

/// Whole numbers from the attribute `name`, or, where there is none, from the constant input; none where both are left
/// out. Several operators moved parameters from attributes to inputs with later opsets.
std::optional<std::vector<std::int64_t>> parameters(const Draft& draft, const Node& node, const std::string& name,
                                                    std::size_t input);

/// `axis` as 0 to rank − 1, counted from the end where negative. Throws InputError.
std::size_t axis_of(const Draft& draft, const Node& node, std::int64_t axis, std::size_t rank);

}  // namespace autonba::onnx_import
