#pragma once

#include <string>

namespace autonba {

/// Makes the process ready for training; call once, before the first tensor. Sets the number of threads of libtorch and
/// OpenBLAS (`threads` >= 1), keeps freed tensor memory for the next tensor, allows TF32 on a GPU, and checks that a
/// fast BLAS is loaded. Throws WorkError, with the package to install, where BLAS is a slow or a wrongly threaded one,
/// and InputError where `device` ("cpu" or "cuda") is not there.
void set_up_runtime(int threads, const std::string& device = "cpu");

/// The most memory that the process has held so far, in 10^6 bytes.
double peak_rss_mb();

}  // namespace autonba
