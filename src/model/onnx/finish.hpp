#pragma once

#include "model/onnx/draft.hpp"

namespace autonba::onnx_import {

/// The network of a draft whose nodes have all been read: bits are chosen, layers put into an order in which each reads
/// earlier ones only, maps of the host that no layer reads are left out, and everything is checked. Throws InputError.
Network finished(Draft draft);

}  // namespace autonba::onnx_import
