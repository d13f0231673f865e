#include "train/runtime.hpp"

#include <ATen/Context.h>
#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <malloc.h>
#include <sys/resource.h>

#include "base/error.hpp"
#include "train/tensor_memory.hpp"

namespace autonba {
namespace {

/// What oneDNN needs for a moment does not come from the tensors' allocator. With its defaults malloc gives it back to
/// the system each time; here it comes from the heap and stays there.
void keep_heap() {
  mallopt(M_MMAP_MAX, 0);
  mallopt(M_TRIM_THRESHOLD, -1);
  mallopt(M_TOP_PAD, 64 << 20);  // bytes
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
  if (device == "cuda") {  // its rounding is far below that of the quantisers
    at::globalContext().setAllowTF32CuBLAS(true);
    at::globalContext().setAllowTF32CuDNN(true);
  }
  keep_heap();
  keep_tensor_memory();
  at::set_num_threads(threads);
  check_blas();
}

double peak_rss_mb() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
}

}  // namespace autonba
