#include "explore/neighbours.hpp"

#include <algorithm>
#include <cstdlib>

namespace autonba {
namespace {

constexpr int tries_for_another = 20;  // of a change that leaves the design as it was

std::size_t index_below(Rng& rng, std::size_t count) {
  return static_cast<std::size_t>(uniform_index(rng, count));
}

bool happens(Rng& rng, double chance) {
  return uniform(rng) < chance;
}

int nearest_allowed(const std::vector<char>& allowed, int wanted) {
  int nearest = not_chosen;
  for (int option = 0; option < static_cast<int>(allowed.size()); ++option) {
    const bool nearer = nearest == not_chosen || std::abs(option - wanted) < std::abs(nearest - wanted);
    nearest = allowed[static_cast<std::size_t>(option)] != 0 && nearer ? option : nearest;
  }
  return nearest;
}

/// One up or down.
int next_option(Rng& rng, int option, std::size_t options) {
  const int last = static_cast<int>(options) - 1;
  const int next = option + (happens(rng, 0.5) ? 1 : -1);
  return next < 0 ? std::min(1, last) : next > last ? std::max(0, last - 1) : next;
}

/// Any but `option`.
int other_option(Rng& rng, int option, std::size_t options) {
  const int other = static_cast<int>(index_below(rng, options - 1));
  return other < option ? other : other + 1;
}

bool same(const Design& a, const Design& b) {
  return a.batch == b.batch && a.chunks == b.chunks && a.chunk_of == b.chunk_of && a.store_port == b.store_port &&
         a.stored == b.stored;
}

}  // namespace

int uniform_pick(Rng& rng, const std::vector<char>& allowed) {
  auto left = uniform_index(rng, static_cast<std::uint64_t>(std::count(allowed.begin(), allowed.end(), 1)));
  std::size_t option = 0;
  while (allowed[option] == 0 || left-- > 0) {
    ++option;
  }
  return static_cast<int>(option);
}

Neighbours::Neighbours(const DesignChoices& choices) : choices_(&choices) {
  slot_choices_.resize(static_cast<std::size_t>(choices.slots()));
  for (std::size_t m = 0; m < choices.choices().size(); ++m) {
    const DesignChoice& choice = choices.choices()[m];
    Kind& kind = kinds_[static_cast<std::size_t>(choice.kind)];
    switch (choice.parameter) {
      case Parameter::batch:
        batch_choice_ = m;
        break;
      case Parameter::chunk_count:
        kind.count_choice = m;
        kind.used = true;
        break;
      case Parameter::layer_slot:
        kind.layers.push_back(m);
        kind.first_slot = static_cast<std::size_t>(choice.options.front());
        break;
      case Parameter::store_port:
        store_choice_ = m;
        break;
      case Parameter::map_place:
        place_choices_.push_back(m);
        break;
      default:
        slot_choices_[static_cast<std::size_t>(choice.index)].push_back(m);
    }
  }
}

int Neighbours::chunks(const Kind& kind, const std::vector<int>& picks) const {
  return choices_->choices()[kind.count_choice].options[static_cast<std::size_t>(picks[kind.count_choice])];
}

Design Neighbours::random(Rng& rng) const {
  return choices_->make([&](std::size_t, const std::vector<char>& allowed) { return uniform_pick(rng, allowed); });
}

Design Neighbours::near(const std::vector<int>& picks, Rng& rng) const {
  return choices_->make([&](std::size_t m, const std::vector<char>& allowed) {
    if (picks[m] != not_chosen && allowed[static_cast<std::size_t>(picks[m])] != 0) {
      return picks[m];
    }
    const bool ordered = choices_->choices()[m].parameter != Parameter::layer_slot;
    return picks[m] != not_chosen && ordered ? nearest_allowed(allowed, picks[m]) : uniform_pick(rng, allowed);
  });
}

Design Neighbours::neighbour(const Design& design, const DesignCost& cost, const MoveOptions& options, Rng& rng) const {
  const std::vector<double>& cycles = cost.chunk_cycles;
  const auto slowest = static_cast<std::size_t>(std::max_element(cycles.begin(), cycles.end()) - cycles.begin());
  Design changed = design;
  for (int tries = 0; tries < tries_for_another && same(changed, design); ++tries) {
    std::vector<int> picks = design.picks;
    do {
      const double kind = uniform(rng);
      const double place = store_choice_ > 0 ? options.place : 0;
      if (kind < options.structure) {
        change_structure(picks, rng);
      } else if (kind < options.structure + place) {
        move_map(picks, rng);
      } else if (kind > options.structure + place + options.layer ||
                 !move_layer(picks, design.slots[slowest], options, rng)) {
        change_parameter(picks, design.slots, options, rng);
      }
    } while (happens(rng, options.another));
    changed = near(picks, rng);
  }
  return changed;
}

/// A store that is new has all maps in it.
void Neighbours::move_map(std::vector<int>& picks, Rng& rng) const {
  constexpr double other_port = 0.1;
  if (picks[store_choice_] == 0 || happens(rng, other_port)) {
    const bool is_new = picks[store_choice_] == 0;
    picks[store_choice_] = other_option(rng, picks[store_choice_], choices_->choices()[store_choice_].options.size());
    for (const std::size_t m : place_choices_) {
      picks[m] = is_new ? 1 : picks[m];
    }
    return;
  }
  const std::size_t m = place_choices_[index_below(rng, place_choices_.size())];
  picks[m] = picks[m] == 1 ? 0 : 1;
}

/// False where every layer has only one chunk to go to, or has none.
bool Neighbours::move_layer(std::vector<int>& picks, int slowest_slot, const MoveOptions& options, Rng& rng) const {
  std::vector<std::size_t> layers;
  const bool from_slowest = happens(rng, options.from_slowest);
  for (const Kind& kind : kinds_) {
    if (!kind.used || chunks(kind, picks) == 1) {
      continue;
    }
    for (const std::size_t m : kind.layers) {
      if (!from_slowest || static_cast<int>(kind.first_slot) + picks[m] == slowest_slot) {
        layers.push_back(m);
      }
    }
  }
  if (layers.empty()) {
    return false;
  }
  const std::size_t m = layers[index_below(rng, layers.size())];
  const Kind& kind = kinds_[static_cast<std::size_t>(choices_->choices()[m].kind)];
  picks[m] =
      picks[m] == not_chosen ? not_chosen : other_option(rng, picks[m], static_cast<std::size_t>(chunks(kind, picks)));
  return true;
}

void Neighbours::change_parameter(std::vector<int>& picks, const std::vector<int>& slots, const MoveOptions& options,
                                  Rng& rng) const {
  std::vector<std::size_t> open;
  for (const std::size_t m : slot_choices_[static_cast<std::size_t>(slots[index_below(rng, slots.size())])]) {
    if (choices_->choices()[m].options.size() > 1 && picks[m] != not_chosen) {
      open.push_back(m);
    }
  }
  if (open.empty()) {
    return;
  }
  const std::size_t m = open[index_below(rng, open.size())];
  const std::size_t count = choices_->choices()[m].options.size();
  picks[m] = happens(rng, options.step) ? next_option(rng, picks[m], count) : other_option(rng, picks[m], count);
}

void Neighbours::change_structure(std::vector<int>& picks, Rng& rng) const {
  std::vector<std::size_t> open;
  if (choices_->choices()[batch_choice_].options.size() > 1) {
    open.push_back(batch_choice_);
  }
  for (const Kind& kind : kinds_) {
    if (kind.used && choices_->choices()[kind.count_choice].options.size() > 1) {
      open.push_back(kind.count_choice);
    }
  }
  if (open.empty()) {
    return;
  }
  const std::size_t m = open[index_below(rng, open.size())];
  const int next = next_option(rng, picks[m], choices_->choices()[m].options.size());
  if (m != batch_choice_) {
    const Kind& kind = kinds_[static_cast<std::size_t>(choices_->choices()[m].kind)];
    next > picks[m] ? add_chunk(kind, picks, rng) : remove_chunk(kind, picks, rng);
  }
  picks[m] = next;
}

void Neighbours::copy_slot(std::vector<int>& picks, std::size_t from, std::size_t to) const {
  for (std::size_t i = 0; i < slot_choices_[from].size(); ++i) {
    picks[slot_choices_[to][i]] = picks[slot_choices_[from][i]];
  }
}

void Neighbours::add_chunk(const Kind& kind, std::vector<int>& picks, Rng& rng) const {
  const auto count = static_cast<std::size_t>(chunks(kind, picks));
  const std::size_t source = index_below(rng, count);
  copy_slot(picks, kind.first_slot + source, kind.first_slot + count);
  const std::array unrolls = {Parameter::unroll_m, Parameter::unroll_n, Parameter::unroll_p};
  const Parameter halved = unrolls[index_below(rng, unrolls.size())];
  for (const std::size_t slot : {source, count}) {
    for (const std::size_t m : slot_choices_[kind.first_slot + slot]) {
      const DesignChoice& choice = choices_->choices()[m];
      if (choice.parameter == halved && picks[m] != not_chosen) {
        picks[m] = nearest_option(choice.options, choice.options[static_cast<std::size_t>(picks[m])] / 2);
      }
    }
  }
  for (const std::size_t m : kind.layers) {
    if (picks[m] == static_cast<int>(source) && happens(rng, 0.5)) {
      picks[m] = static_cast<int>(count);
    }
  }
}

void Neighbours::remove_chunk(const Kind& kind, std::vector<int>& picks, Rng& rng) const {
  const auto last = static_cast<std::size_t>(chunks(kind, picks)) - 1;
  const std::size_t removed = index_below(rng, last + 1);
  copy_slot(picks, kind.first_slot + last, kind.first_slot + removed);
  for (const std::size_t m : kind.layers) {
    if (picks[m] == static_cast<int>(removed)) {
      picks[m] = not_chosen;
    } else if (picks[m] == static_cast<int>(last)) {
      picks[m] = static_cast<int>(removed);
    }
  }
}

Design Neighbours::crossed(const Design& a, const Design& b, Rng& rng) const {
  std::vector<int> picks = a.picks;
  for (const std::vector<std::size_t>& slot : slot_choices_) {
    if (happens(rng, 0.5)) {
      for (const std::size_t m : slot) {
        picks[m] = b.picks[m] != not_chosen ? b.picks[m] : picks[m];
      }
    }
  }
  const auto take_range = [&](const std::vector<std::size_t>& choices) {
    const std::size_t begin = index_below(rng, choices.size() + 1);
    const std::size_t end = index_below(rng, choices.size() + 1);
    for (std::size_t i = std::min(begin, end); i < std::max(begin, end); ++i) {
      picks[choices[i]] = b.picks[choices[i]];
    }
  };
  for (const Kind& kind : kinds_) {
    if (!kind.layers.empty()) {
      take_range(kind.layers);
    }
  }
  const bool port_of_b = store_choice_ > 0 && happens(rng, 0.5);
  if (port_of_b && picks[store_choice_] == 0 && b.picks[store_choice_] > 0) {
    for (const std::size_t m : place_choices_) {
      picks[m] = b.picks[m];
    }
  } else if (store_choice_ > 0 && picks[store_choice_] > 0 && b.picks[store_choice_] > 0) {
    take_range(place_choices_);
  }
  if (port_of_b) {
    picks[store_choice_] = b.picks[store_choice_];
  }
  return near(picks, rng);
}

}  // namespace autonba
