#include "cosearch/state_json.hpp"

#include "base/softmax.hpp"

namespace autonba {

void to_json(Json& json, const Logits& logits) {
  json = {{"alpha", logits.alpha}, {"beta", logits.beta}};
}

void from_json(const Json& json, Logits& logits) {
  json.at("alpha").get_to(logits.alpha);
  json.at("beta").get_to(logits.beta);
}

void to_json(Json& json, const LogitAdam& adam) {
  json = {{"first", adam.first}, {"second", adam.second}, {"steps", adam.steps}};
}

void from_json(const Json& json, LogitAdam& adam) {
  json.at("first").get_to(adam.first);
  json.at("second").get_to(adam.second);
  json.at("steps").get_to(adam.steps);
}

Json architecture_json(const Architecture& architecture, const SearchSpace& space) {
  Json blocks = Json::array();
  for (const BlockChoice& choice : architecture) {
    blocks.push_back({{"op", name(space.operators[static_cast<std::size_t>(choice.op)])},
                      {"bits", space.bits[static_cast<std::size_t>(choice.bits)]}});
  }
  return blocks;
}

Json architecture_indices(const Architecture& architecture) {
  Json blocks = Json::array();
  for (const BlockChoice& choice : architecture) {
    blocks.push_back({choice.op, choice.bits});
  }
  return blocks;
}

Architecture architecture_from_indices(const Json& indices) {
  Architecture architecture;
  for (const Json& block : indices) {
    architecture.push_back({block.at(0).get<int>(), block.at(1).get<int>()});
  }
  return architecture;
}

Json choices_json(const Logits& logits, const SearchSpace& space) {
  Json alpha = Json::array();
  Json beta = Json::array();
  const Architecture likely = most_likely(logits);
  for (std::size_t block = 0; block < likely.size(); ++block) {
    alpha.push_back(softmax(logits.alpha[block]));
    beta.push_back(softmax(logits.beta[block][static_cast<std::size_t>(likely[block].op)]));
  }
  return {{"alpha", alpha}, {"beta", beta}, {"architecture", architecture_json(likely, space)}};
}

}  // namespace autonba
