#pragma once

#include "base/json.hpp"
#include "cosearch/logit_adam.hpp"
#include "cosearch/logits.hpp"

namespace autonba {

/// Conversions that Json finds by itself: `Json value = logits; value.get<Logits>()`. Doubles come back to the bit.
void to_json(Json& json, const Logits& logits);
void from_json(const Json& json, Logits& logits);
void to_json(Json& json, const LogitAdam& adam);
void from_json(const Json& json, LogitAdam& adam);

/// [{"op": "k3_e6", "bits": 8}, …]: an architecture as a user reads it.
Json architecture_json(const Architecture& architecture, const SearchSpace& space);

/// [[op, bits], …]: an architecture as indices, and back.
Json architecture_indices(const Architecture& architecture);
Architecture architecture_from_indices(const Json& indices);

/// {alpha [block][operator], beta [block][bits of the likeliest operator], architecture}: the probabilities that the
/// search has arrived at.
Json choices_json(const Logits& logits, const SearchSpace& space);

}  // namespace autonba
