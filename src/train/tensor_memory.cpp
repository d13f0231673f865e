#include "train/tensor_memory.hpp"

#include <c10/core/CPUAllocator.h>
#include <unistd.h>

#include <cstring>

namespace autonba {
namespace {

/// Never destroyed: tensors in static storage may be freed at the very end.
MemoryPool* pool = nullptr;

void free_tensor(void* memory) {
  pool->free(memory);
}

/// As libtorch 1.13 and 2 declare it: there the const went, and copy_data() came.
class TensorAllocator final : public c10::Allocator {
 public:
  // NOLINTBEGIN(modernize-use-override): which of them override depends on libtorch
  c10::DataPtr allocate(std::size_t bytes) const { return allocated(bytes); }
  c10::DataPtr allocate(std::size_t bytes) { return allocated(bytes); }
  void copy_data(void* to, const void* from, std::size_t bytes) const { std::memcpy(to, from, bytes); }
  // NOLINTEND(modernize-use-override)
  c10::DeleterFnPtr raw_deleter() const override { return &free_tensor; }

 private:
  static c10::DataPtr allocated(std::size_t bytes) {
    if (bytes == 0) {
      return {nullptr, nullptr, &c10::detail::deleteNothing, c10::Device(c10::DeviceType::CPU)};
    }
    void* memory = pool->allocate(bytes);
    return {memory, memory, &free_tensor, c10::Device(c10::DeviceType::CPU)};
  }
};

}  // namespace

void keep_tensor_memory() {
#ifndef __SANITIZE_ADDRESS__
  if (pool == nullptr) {
    static TensorAllocator allocator;
    const auto pages = static_cast<std::size_t>(sysconf(_SC_PHYS_PAGES));
    pool = new MemoryPool(pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE)));
    c10::SetCPUAllocator(&allocator);
  }
#endif
}

MemoryPool::Statistics tensor_memory() {
  return pool == nullptr ? MemoryPool::Statistics{} : pool->statistics();
}

}  // namespace autonba
