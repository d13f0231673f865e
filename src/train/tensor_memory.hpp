#pragma once

#include "base/memory_pool.hpp"

namespace autonba {

/// From now on tensors on the CPU lie in a MemoryPool; those that exist already stay where they are. Its limit is the
/// machine's physical memory. Further calls change nothing. Where the address sanitizer watches, it keeps its own
/// malloc, which finds more. Throws WorkError where the system refuses the addresses.
void keep_tensor_memory();

/// All zero before keep_tensor_memory().
MemoryPool::Statistics tensor_memory();

}  // namespace autonba
