#include "cosearch/joint_search.hpp"

#include <gmock/gmock.h>

#include "base/error.hpp"
#include "cosearch/derive.hpp"
#include "tiny.hpp"

namespace autonba {
namespace {

class Joint : public testing::Test {
 protected:
  JointSearch make(const Config& config) const {
    return {config, tiny_space(), tiny_platform(), tiny_design_space(), images_};
  }

  void run(JointSearch& search, std::int64_t until) const {
    while (search.steps_done() < until) {
      search.step();
    }
  }

  void run(JointSearch& search) const { run(search, search.total_steps()); }

  const ImageSet images_ = tiny_images(64, 1);
};

/// Seconds an image of every network of the space, each with its own best accelerator.
std::vector<std::pair<double, Architecture>> enumerate(const Config& config, std::uint64_t seed) {
  std::vector<std::pair<double, Architecture>> priced;
  const SearchSpace space = tiny_space();
  const int choices = static_cast<int>(space.operators.size() * space.bits.size());
  for (int i = 0; i < choices * choices * choices; ++i) {
    Architecture architecture;
    for (int rest = i; architecture.size() < space.blocks.size(); rest /= choices) {
      architecture.push_back({rest % choices / 2, rest % choices % 2});
    }
    Pricing pricing(space, 4, tiny_platform(), tiny_design_space(), config.target.metric);
    const Solution solution = pricing.refresh(architecture, config.accelerator.engine, {20}, seed);
    priced.emplace_back(value_of(config.target.metric, solution.cost, 1, pricing.platform()), architecture);
  }
  return priced;
}

TEST_F(Joint, WithoutTheAccuracyTermItEndsAtTheCheapestNetwork) {
  Config config = tiny_config();
  config.search.accuracy_term = false;
  config.search.lambda_start = 1;
  config.search.lambda_rate = 0;
  config.search.lambda_gain = 0;
  config.search.epochs = 12;
  JointSearch search = make(config);
  run(search);
  const auto priced = enumerate(config, 7);
  const auto cheapest =
      std::min_element(priced.begin(), priced.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  const Architecture found = most_likely(search.logits());
  const auto of_found =
      std::find_if(priced.begin(), priced.end(), [&](const auto& entry) { return entry.second == found; });
  EXPECT_EQ(of_found->first, cheapest->first);
  const auto as_cheap = [&](const auto& entry) { return entry.first == cheapest->first; };
  EXPECT_LE(std::count_if(priced.begin(), priced.end(), as_cheap), 8) << "the space must tell networks apart";
}

TEST_F(Joint, DrawnTowardsAnEasyTargetItEndsAtTheCostliestNetwork) {
  Config config = tiny_config();
  config.search.accuracy_term = false;
  config.search.lambda_min = -1;
  config.search.epochs = 12;
  config.target.value = 1;
  JointSearch search = make(config);
  run(search);
  EXPECT_EQ(search.lambda(), -1);
  const auto priced = enumerate(config, 7);
  const auto costliest =
      std::max_element(priced.begin(), priced.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  const Architecture found = most_likely(search.logits());
  const auto of_found =
      std::find_if(priced.begin(), priced.end(), [&](const auto& entry) { return entry.second == found; });
  EXPECT_EQ(of_found->first, costliest->first);
}

TEST_F(Joint, WithoutAPriceTheTargetChangesNothing) {
  Config config = tiny_config();
  config.search.lambda_rate = 0;
  config.search.lambda_gain = 0;
  JointSearch a = make(config);
  run(a);
  config.target.value *= 10;
  JointSearch b = make(config);
  run(b);
  EXPECT_EQ(a.logits(), b.logits());
}

TEST_F(Joint, ThePriceRisesWhileTheTargetIsMissedAndStaysZeroWhileItIsMet) {
  Config config = tiny_config();
  config.target.value = 1e8;
  JointSearch missed = make(config);
  run(missed);
  EXPECT_GT(missed.lambda(), 0);
  config.target.value = 1;
  JointSearch met = make(config);
  run(met);
  EXPECT_EQ(met.lambda(), 0);
}

TEST_F(Joint, WithoutAMultiplierThePriceIsWhatIsMissing) {
  Config config = tiny_config();
  config.target.value = 1e8;
  config.search.lambda_rate = 0;
  config.search.lambda_gain = 3;
  JointSearch search = make(config);
  const std::int64_t epoch = search.total_steps() / (config.search.warmup_epochs + config.search.epochs);
  ASSERT_LE(epoch, 20);
  run(search, (config.search.warmup_epochs + 1) * epoch);
  const Json event = search.epoch_event();
  const double missing = std::log(event["expected_seconds"].get<double>() / event["target_seconds"].get<double>());
  EXPECT_GT(missing, 1);
  EXPECT_NEAR(search.lambda(), 3 * missing, 1e-9 * missing);
}

TEST_F(Joint, AResumedSearchEqualsOneNeverStopped) {
  const Config config = tiny_config();
  JointSearch whole = make(config);
  run(whole);
  for (const std::int64_t stop : {5, 8, 13, 27}) {
    JointSearch first = make(config);
    run(first, stop);
    const Archive saved = first.save();
    JointSearch second = make(config);
    second.restore(saved, "test");
    EXPECT_EQ(second.save(), saved);
    run(second);
    EXPECT_EQ(second.save(), whole.save()) << "stopped at " << stop;
    EXPECT_EQ(second.epoch_event(), whole.epoch_event());
  }
}

TEST_F(Joint, AnotherSeedGivesAnotherSearch) {
  Config config = tiny_config();
  JointSearch a = make(config);
  run(a);
  config.seed = 2;
  JointSearch b = make(config);
  run(b);
  EXPECT_NE(a.save(), b.save());
}

TEST_F(Joint, EverySamplingAndCostGradientRuns) {
  for (const Sampling sampling : {Sampling::heterogeneous, Sampling::soft, Sampling::hard}) {
    for (const CostGradient gradient : {CostGradient::expected, CostGradient::single_path}) {
      Config config = tiny_config();
      config.search.sampling = sampling;
      config.search.cost_gradient = gradient;
      config.search.lambda_start = 0.1;
      config.search.epochs = 1;
      JointSearch search = make(config);
      run(search);
      EXPECT_NE(search.logits(), make_logits(tiny_space()));
    }
  }
}

TEST_F(Joint, ALossThatIsNotFiniteEndsItWithASentence) {
  Config config = tiny_config();
  config.search.weights.learning_rate = 1e30;
  config.search.weights.clip = 1e9;
  JointSearch search = make(config);
  EXPECT_THAT([&] { run(search); }, testing::ThrowsMessage<WorkError>(testing::HasSubstr("is not a finite number")));
}

TEST_F(Joint, ACheckpointOfSomethingElseIsRefused) {
  JointSearch search = make(tiny_config());
  EXPECT_THROW(search.restore({{"state", "{}"}}, "test"), InputError);
  EXPECT_THROW(search.restore({}, "test"), InputError);
}

}  // namespace
}  // namespace autonba
