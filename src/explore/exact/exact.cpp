#include "explore/exact/exact.hpp"

#include <algorithm>
#include <array>
#include <chrono>

#include "base/parallel.hpp"
#include "base/random.hpp"
#include "explore/exact/constants.hpp"
#include "explore/exact/energy_bound.hpp"
#include "explore/exact/energy_design.hpp"
#include "explore/exact/improve.hpp"
#include "explore/exact/incumbent.hpp"
#include "explore/exact/instance.hpp"
#include "explore/exact/region_queue.hpp"
#include "explore/exact/relaxation.hpp"
#include "explore/exact/split.hpp"
#include "explore/exact/store_annealing.hpp"
#include "explore/exact/store_design.hpp"
#include "explore/gamma.hpp"
#include "explore/layer_front.hpp"

namespace autonba {
namespace {

// What is looked at between two decisions, whatever the threads: regions of many classes count 1, others, which take
// longer, more. Little until there is a design.
constexpr std::size_t round_first = 64;
constexpr std::size_t round_most = 4096;
constexpr std::size_t weight_of_single_classes = 16;
constexpr std::size_t weight_of_store = 64;
constexpr std::size_t weight_of_energy = 128;
constexpr std::int64_t improvement_rounds = 8;  // after which what is near the best design is tried
// Annealing, where there may be a store: from the best design on, at several temperatures at once, twice as many steps
// every time. A step takes about as long as what counts 1 in a round with a store, or 16 in one without.
constexpr std::array first_temperatures = {0.05, 0.02, 0.01, 0.005};
constexpr int steps_first = 1000;
constexpr int steps_most = 128'000;
constexpr std::int64_t work_with_store = 16;
constexpr double annealing_share = 0.4;       // of the time at most where that is limited, unless it helps
constexpr std::size_t open_most = 2'000'000;  // regions, about 250 bytes each
constexpr double watch_seconds = 0.2;

/// What looking at a region led to.
struct Outcome {
  std::vector<Region> parts;  // that are left of it
  std::optional<Found> found;
  double settled = infinity;  // the least bound of what was left out
};

class BranchAndBound {
 public:
  /// `start`: a design to begin with, or none.
  BranchAndBound(const Instance& instance, const Budget& budget, std::optional<Found> start, const Watch& watch)
      : instance_(instance),
        budget_(budget),
        watch_(watch),
        team_(budget.threads),
        open_(has_store(instance) ? instance.batch_count() + 1 : 1),
        has_start_(start.has_value()),
        best_(std::move(start)) {
    note_best();
  }

  void run() {
    for (std::uint32_t layout = 0; layout < instance_.layouts().size(); ++layout) {
      Region region = instance_.whole(layout);
      region.bound = loose_bound(instance_, region, infinity);
      add(region);
    }
    while (!is_done()) {
      if (annealing_is_due()) {
        anneal();
      } else {
        look_at(next_round());
      }
      report(false);
    }
    report(true);
  }

  const std::optional<Found>& best() const { return best_; }
  const std::vector<TracePoint>& trace() const { return trace_; }
  std::int64_t regions() const { return looked_at_; }
  double bound() const { return std::min({best_ ? best_->value : infinity, settled_, least_open()}); }

 private:
  static bool has_store(const Instance& instance) {
    return std::any_of(instance.layouts().begin(), instance.layouts().end(),
                       [](const Layout& layout) { return layout.has_store(); });
  }

  /// What is no better does not matter.
  double limit() const { return best_ ? best_->value * (1 - budget_.gap) : infinity; }

  double seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

  bool is_done() const {
    return least_open() == infinity || least_open() >= limit() || seconds() >= budget_.seconds ||
           (budget_.evaluations > 0 && looked_at_ >= budget_.evaluations) || (best_ && budget_.is_stopped());
  }

  void note_best() {
    if (best_) {
      trace_.push_back({looked_at_, best_->value});
    }
  }

  void add(const Region& region) {
    if (region.bound < infinity) {
      open_[queue_of(region)].push(region);
    }
    std::size_t open = 0;
    for (const RegionQueue& of_batch : open_) {
      open += of_batch.size();
    }
    if (open > open_most) {
      const auto fewer = [](const RegionQueue& a, const RegionQueue& b) { return a.size() < b.size(); };
      settled_ = std::min(settled_, std::max_element(open_.begin(), open_.end(), fewer)->leave_out_half());
    }
  }

  /// With a store there is a queue for each batch, and a last one for designs without a store.
  std::size_t queue_of(const Region& region) const {
    const Layout& layout = instance_.layout_of(region);
    return layout.has_store() ? layout.batch_place : open_.size() - 1;
  }

  /// The place of the queue with the least bound of all.
  std::size_t first_open() const {
    const auto less = [](const RegionQueue& a, const RegionQueue& b) { return a.least_bound() < b.least_bound(); };
    return static_cast<std::size_t>(std::min_element(open_.begin(), open_.end(), less) - open_.begin());
  }
  double least_open() const { return open_[first_open()].least_bound(); }

  /// With a store designs without one come first, as in a space that has none: they are soon found. Then every other
  /// round is of the regions of one queue after the other: their bounds say little of which batch is best, and designs
  /// are looked for from the first region of a round.
  RegionQueue& open_for_round() {
    if (has_start_ || !may_have_store()) {
      return open_[first_open()];
    }
    if (designs_without_store_come_first()) {
      return open_.back();
    }
    if (rounds_ % 2 == 0) {
      return open_[first_open()];
    }
    auto queue = static_cast<std::size_t>(rounds_ / 2) % open_.size();
    while (open_[queue].least_bound() >= limit()) {
      queue = (queue + 1) % open_.size();
    }
    return open_[queue];
  }

  bool may_have_store() const { return open_.size() > 1; }

  /// Before regions with a store: so many.
  bool designs_without_store_come_first() const {
    constexpr std::int64_t most = 300'000;
    const std::int64_t regions = budget_.evaluations > 0 ? std::min(most, budget_.evaluations / 4) : most;
    return !has_start_ && looked_at_ < regions && open_.back().least_bound() < limit();
  }

  std::vector<Region> next_round() {
    std::vector<Region> round;
    const std::size_t most = best_ ? round_most : round_first;
    const auto left = static_cast<std::size_t>(budget_.evaluations > 0 ? budget_.evaluations - looked_at_ : round_most);
    RegionQueue& open = open_for_round();
    std::size_t weight = 0;
    while (weight < most && round.size() < left && open.least_bound() < limit()) {
      round.push_back(open.pop());
      weight += weight_of(round.back());
    }
    work_ += (&open == &open_.back() ? 1 : work_with_store) * static_cast<std::int64_t>(weight);
    return round;
  }

  std::size_t weight_of(const Region& region) const {
    if (widest_slot(region)) {
      return 1;
    }
    if (instance_.layout_of(region).has_store()) {
      return weight_of_store;
    }
    return counts_energy(instance_.problem().objective) ? weight_of_energy : weight_of_single_classes;
  }

  /// All regions of a round against the same limit, so that the number of threads changes nothing.
  void look_at(const std::vector<Region>& round) {
    std::vector<Outcome> outcomes(round.size());
    const bool improves = best_ && !is_improved_ && improvement_is_due();
    team_.share_out(round.size(), [&] {
      return [&](std::size_t i) { outcomes[i] = i == 0 ? look_and_try(round[i], improves) : look(round[i]); };
    });
    looked_at_ += static_cast<std::int64_t>(round.size());
    ++rounds_;
    is_improved_ = is_improved_ || improves;
    for (Outcome& outcome : outcomes) {
      settled_ = std::min(settled_, outcome.settled);
      for (const Region& part : outcome.parts) {
        add(part);
      }
      keep_if_better(outcome.found);
    }
  }

  std::int64_t work_of_annealing() const {
    return work_with_store * static_cast<std::int64_t>(first_temperatures.size()) * steps_;
  }

  /// As much of it as of looking at regions, since either finds what the other does not; more as long as it helps.
  bool annealing_is_due() const {
    const bool takes_too_long = budget_.seconds < infinity && annealing_seconds_ > annealing_share * seconds();
    return may_have_store() && best_ && !designs_without_store_come_first() &&
           (annealing_helped_ || (annealed_ + work_of_annealing() <= work_ && !takes_too_long));
  }

  void anneal() {
    const double begin = seconds();
    std::array<std::optional<Found>, first_temperatures.size()> found;
    const auto is_stopped = [this] { return seconds() >= budget_.seconds || budget_.is_stopped(); };
    team_.share_out(found.size(), [&] {
      return [&](std::size_t i) {
        Rng rng = make_rng(static_cast<std::uint64_t>(annealed_), "annealing", i);
        found[i] = anneal_with_store(instance_, *best_, {steps_, first_temperatures[i]}, rng, is_stopped);
      };
    });
    annealing_seconds_ += seconds() - begin;
    annealed_ += work_of_annealing();
    steps_ = std::min(2 * steps_, steps_most);
    annealing_helped_ = std::any_of(found.begin(), found.end(), [](const auto& design) { return design.has_value(); });
    for (std::optional<Found>& design : found) {
      keep_if_better(design);
    }
  }

  void keep_if_better(std::optional<Found>& found) {
    if (found && (!best_ || found->value < best_->value)) {
      best_ = std::move(found);
      is_improved_ = false;
      note_best();
    }
  }

  Outcome look(const Region& region) const {
    Outcome outcome;
    if (const std::optional<std::size_t> slot = widest_slot(region)) {
      for (const Region& half : halves(region, *slot)) {
        keep(half, outcome);
      }
    } else if (!region.is_tight) {
      Region tight = region;
      tight.is_tight = true;
      tight.bound = std::max(region.bound, tight_bound(instance_, tight, limit(), outcome.settled));
      if (tight.bound < limit()) {
        outcome.found = descend(instance_, tight, limit());
      }
      keep(tight, outcome);
    } else {
      look_closely(region, outcome);
    }
    return outcome;
  }

  /// It takes long, so not in every round; of a design that was given first of all.
  bool improvement_is_due() const { return rounds_ % improvement_rounds == (has_start_ ? 0 : improvement_rounds - 1); }

  /// Besides looking at the first region of a round: what is near the best design, or a design further down from the
  /// region.
  Outcome look_and_try(const Region& region, bool improves) const {
    Outcome outcome = look(region);
    std::optional<Found> found;
    if (improves) {
      found = improve(instance_, *best_);
    } else if (!has_start_) {
      found = dive(region);
    }
    if (found && (!outcome.found || found->value < outcome.found->value)) {
      outcome.found = std::move(found);
    }
    return outcome;
  }

  /// Down from the region to a single class for each slot, mostly where the bound is less, as long as the chunks leave
  /// enough for their buffers: how much that is changes from round to round.
  std::optional<Found> dive(const Region& region) const {
    constexpr std::array shares = {0.8, 0.6, 0.9, 0.4, 1.0};
    const auto turn = static_cast<std::size_t>(rounds_);
    const bool is_last_queue = queue_of(region) + 1 == open_.size();
    const std::size_t laps = is_last_queue ? 0 : turn / (2 * open_.size());  // for every batch another one
    const double share = shares[(turn + laps) % shares.size()];
    Rng rng = make_rng(turn, "dive");
    int splits_left = 1000;
    std::optional<Region> here = first_below(region, share, rng, splits_left);
    double elsewhere = infinity;  // the region itself is looked at when its turn comes
    return here && tight_bound(instance_, *here, limit(), elsewhere) < limit() ? descend(instance_, *here, limit())
                                                                               : std::nullopt;
  }

  /// Depth first: where the first chunks leave nothing for the last ones, smaller ones are taken. What maps in the
  /// store leave to the chunks is not known on the way, so there it is tried now and then where the bound is more.
  std::optional<Region> first_below(const Region& region, double share, Rng& rng, int& splits_left) const {
    constexpr double other_way = 0.15;
    const std::optional<std::size_t> slot = widest_slot(region);
    if (!slot) {
      return region;
    }
    if (splits_left-- <= 0) {
      return std::nullopt;
    }
    std::vector<Region> parts = halves(region, *slot, share);
    std::stable_sort(parts.begin(), parts.end(), [](const Region& a, const Region& b) { return a.bound < b.bound; });
    if (instance_.layout_of(region).has_store() && uniform(rng) < other_way) {
      std::reverse(parts.begin(), parts.end());
    }
    for (const Region& part : parts) {
      if (part.bound < limit()) {
        if (std::optional<Region> below = first_below(part, share, rng, splits_left)) {
          return below;
        }
      }
    }
    return std::nullopt;
  }

  void keep(const Region& part, Outcome& outcome) const {
    if (part.bound < limit()) {
      outcome.parts.push_back(part);
    } else {
      outcome.settled = std::min(outcome.settled, part.bound);
    }
  }

  /// The slot with the most classes, first of all of the kind that makes the bound what it is; none if all have one.
  std::optional<std::size_t> widest_slot(const Region& region) const {
    std::optional<std::size_t> widest;
    std::pair<double, std::uint32_t> most;
    const Layout& layout = instance_.layout_of(region);
    for (std::size_t s = 0; s < layout.slots(); ++s) {
      const ClassTree::Node& node = instance_.node_of(region, s);
      const std::pair rank(region.kind_bounds[layout.kind_of(s)], node.last - node.first);
      if (!is_single(node) && (!widest || rank > most)) {
        most = rank;
        widest = s;
      }
    }
    return widest;
  }

  /// With one half of the classes of a slot, and with the other.
  std::vector<Region> halves(const Region& region, std::size_t s, double share = 1) const {
    std::vector<Region> parts;
    const ClassTree::Node& node = instance_.node_of(region, s);
    for (const std::uint32_t child : {node.left, node.right}) {
      Region part = region;
      part.slots[s].node = child;
      if (!is_in_order(part)) {
        continue;
      }
      instance_.open(part, s);
      const std::size_t kind = instance_.layout_of(part).kind_of(s);
      part.bound = std::max(region.bound, loose_bound(instance_, part, limit(), kind, share));
      parts.push_back(part);
    }
    return parts;
  }

  /// Chunks of a kind may change places; only the order by class is looked at.
  bool is_in_order(const Region& region) const {
    const Layout& layout = instance_.layout_of(region);
    for (std::size_t a = 0; a < layout.slots(); ++a) {
      for (std::size_t b = a + 1; b < layout.slots() && layout.kind_of(a) == layout.kind_of(b); ++b) {
        if (instance_.node_of(region, b).last <= instance_.node_of(region, a).first) {
          return false;
        }
      }
    }
    return true;
  }

  /// A region of single classes with a tight bound: its best design, or two parts.
  void look_closely(const Region& region, Outcome& outcome) const {
    if (counts_energy(instance_.problem().objective)) {
      look_closely_at_energy(region, outcome);
      return;
    }
    Best best{.found = std::nullopt, .bound = infinity};  // what does not fit has no designs
    if (instance_.layout_of(region).has_store()) {
      best = fits_at_upper_ends(instance_, region) ? best_with_store(instance_, region, limit()) : best;
    } else if (instance_.problem().objective == Objective::area) {
      Region least = region;
      for (Slot& slot : least.slots) {
        slot.high = slot.low;
      }
      best = best_at_upper_ends(instance_, least);
      best.is_as_built = best.found && best.found->value <= region.bound * (1 + 1e-12);
    } else if (const std::optional<Region> fitting = fitting_upper_ends(instance_, region)) {
      best = best_at_upper_ends(instance_, *fitting);
    }
    outcome.found = best.found;
    const std::optional<SlotAmount> choice = best.is_as_built ? std::nullopt : amount_to_split(instance_, region);
    if (choice) {
      split(region, choice->first, choice->second, outcome);
    } else {
      outcome.settled = std::min(outcome.settled, std::max(region.bound, best.bound));
    }
  }

  void look_closely_at_energy(const Region& region, Outcome& outcome) const {
    if (const auto choice = best_energy_split(instance_, region)) {
      split(region, choice->first, choice->second, outcome);
    } else if (fits_at_upper_ends(instance_, region)) {
      Best best = best_energy(instance_, region, limit());
      outcome.found = std::move(best.found);
      outcome.settled = std::min(outcome.settled, std::max(region.bound, best.bound));
    }
  }

  void split(const Region& region, std::size_t s, std::size_t amount, Outcome& outcome) const {
    const Slot& slot = region.slots[s];
    const auto middle = static_cast<std::uint8_t>((slot.low[amount] + slot.high[amount]) / 2);
    for (const bool upper : {true, false}) {
      Region part = region;
      (upper ? part.slots[s].low : part.slots[s].high)[amount] = static_cast<std::uint8_t>(upper ? middle + 1 : middle);
      part.bound = std::max(region.bound, tight_bound(instance_, part, limit(), outcome.settled));
      keep(part, outcome);
    }
  }

  void report(bool last) {
    const double now = seconds();
    if (watch_ && (last || now - watched_ >= watch_seconds)) {
      watched_ = now;
      watch_({now, looked_at_, best_ ? std::optional(best_->value) : std::nullopt, bound()});
    }
  }

  const Instance& instance_;
  const Budget& budget_;
  const Watch& watch_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  double watched_ = 0;
  Team team_;
  std::vector<RegionQueue> open_;  // by queue_of
  std::int64_t looked_at_ = 0;
  std::int64_t rounds_ = 0;
  std::int64_t work_ = 0;      // of looking at regions
  std::int64_t annealed_ = 0;  // work of annealing
  double annealing_seconds_ = 0;
  int steps_ = steps_first;  // of the next annealing
  bool annealing_helped_ = false;
  const bool has_start_;
  bool is_improved_ = false;  // what is near the best design has been tried
  std::optional<Found> best_;
  std::vector<TracePoint> trace_;
  double settled_ = infinity;
};

}  // namespace

Solution solve_exactly(const Problem& problem, const Budget& budget, Mapper& mapper,
                       const std::optional<Accelerator>& start, const Watch& watch) {
  check_space(problem.space, problem.platform);
  for (const ChunkSpace* kind : {&problem.space.conv, &problem.space.depthwise}) {
    check_depths({kind->depth_input, kind->depth_weight, kind->depth_output});
  }
  const Instance instance(problem, mapper, mapper.exact_memory(problem.space), budget.threads);
  BranchAndBound search(instance, budget, start ? design_of(instance, *start) : std::nullopt, watch);
  search.run();
  Solution solution{.bound = search.bound(), .evaluations = search.regions()};
  if (search.best()) {
    solution.accelerator = mapped(instance, *search.best(), mapper);
    solution.cost = evaluate(problem.network, *solution.accelerator, problem.platform);
    solution.trace = search.trace();
  }
  return solution;
}

}  // namespace autonba
