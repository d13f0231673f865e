#include "train/runtime.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>

#include "base/ceil_div.hpp"
#include "base/error.hpp"

namespace autonba {
namespace {

/// With its defaults malloc gives every large tensor back to the system, and the page faults of the next one take
/// longer than the work on it. Here all memory comes from the heap and stays there, and the heap's first step, with
/// room for most of what training takes, is made of huge pages: a tenth faster, for fewer misses of the address cache.
void keep_tensor_memory() {
  constexpr std::uintptr_t huge_page = std::uintptr_t{2} << 20;  // bytes
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_TOP_PAD, 2000 << 20);  // bytes of the first step; pages take memory only when they are touched
  const auto begin = reinterpret_cast<std::uintptr_t>(sbrk(0));
  void* volatile larger_than_what_is_free = std::malloc(std::size_t{256} << 20);  // volatile: else it is optimised away
  std::free(larger_than_what_is_free);
  mallopt(M_TOP_PAD, 64 << 20);  // of the others
  const auto end = reinterpret_cast<std::uintptr_t>(sbrk(0));
  const std::uintptr_t first = ceil_div(begin, huge_page) * huge_page;
  if (first < end) {
    madvise(reinterpret_cast<void*>(first), end - first, MADV_HUGEPAGE);  // a wish: without it all works, slower
  }
}

/// Which threads the OpenBLAS in `library` uses: 0 none, 1 its own, 2 OpenMP's; -1 where it is no OpenBLAS.
int openblas_threading(const char* library) {
  void* handle = dlopen(library, RTLD_NOW | RTLD_NOLOAD);
  if (handle == nullptr) {
    return -1;
  }
  const auto threading = reinterpret_cast<int (*)()>(dlsym(handle, "openblas_get_parallel"));
  const int result = threading == nullptr ? -1 : threading();
  dlclose(handle);
  return result;
}

void check_blas() {
  Dl_info origin{};
  void* sgemm = dlsym(RTLD_DEFAULT, "sgemm_");
  if (at::hasMKL() || sgemm == nullptr || dladdr(sgemm, &origin) == 0) {
    return;  // a libtorch with a BLAS of its own inside
  }
  const int threading = openblas_threading(origin.dli_fname);
  if (threading == 2) {
    return;
  }
  throw work_error(
      "the matrix library {} is {}: install libopenblas0-openmp and select it with `update-alternatives --config "
      "libblas.so.3-x86_64-linux-gnu`",
      origin.dli_fname, threading < 0 ? "not OpenBLAS, and many times slower" : "an OpenBLAS without OpenMP threads");
}

}  // namespace

void set_up_runtime(int threads, const std::string& device) {
  if (device == "cuda" && !at::hasCUDA()) {
    throw input_error("--device cuda: this machine has no CUDA device, or libtorch was built without CUDA; use cpu");
  }
  keep_tensor_memory();
  at::set_num_threads(threads);
  check_blas();
}

}  // namespace autonba
