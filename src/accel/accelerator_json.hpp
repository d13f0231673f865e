#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "accel/accelerator.hpp"
#include "accel/cost.hpp"
#include "accel/schedule.hpp"
#include "base/json.hpp"

namespace autonba {

inline constexpr const char* accelerator_schema = "autonba.accelerator/1";

/// What an engine has proven about a design: nothing better than `bound` exists; gap = 0 means a proven optimum.
struct Proof {
  double bound = 0;  // of the objective, in seconds
  double gap = 0;
};

/// The document of an accelerator.json (docs/files.md) without its schema: platform, chunks, where, when and how every
/// layer runs, where every map lies, and the cost.
Json to_json(const Network& network, const Accelerator& accelerator, const Platform& platform,
             const std::optional<Proof>& proof = std::nullopt);

/// The accelerator and the platform that a document describes.
struct PlacedAccelerator {
  Accelerator accelerator;
  Platform platform;          // its logic coefficients (FPGA) or tables (ASIC) are not in the file and are left out
  std::int64_t area_um2 = 0;  // that the platform offers; ASIC only
};

/// Inverse of to_json for `network`, checked: every layer is placed once, on a chunk that can run it, with a tile that
/// fits. Of maps it is read which of them lie in the store, and then the layers' starts; all else follows from the
/// rest. `name` stands for the file in messages; throws
/// InputError.
PlacedAccelerator accelerator_from_json(const Json& document, const Network& network, const std::string& name);

PlacedAccelerator read_accelerator(const std::filesystem::path& file, const Network& network);

}  // namespace autonba
