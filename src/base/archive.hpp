#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>

namespace autonba {

/// Named byte strings in one file, with a checksum: what a checkpoint is made of.
using Archive = std::map<std::string, std::string>;

/// Writes the archive whole or not at all; `kind` names what it holds, as in "autonba.checkpoint/1". Throws WorkError.
void write_archive(const std::filesystem::path& file, std::string_view kind, const Archive& archive);

/// Throws InputError naming the file if it is missing, damaged or of another kind.
Archive read_archive(const std::filesystem::path& file, std::string_view kind);

}  // namespace autonba
