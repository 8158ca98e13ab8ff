// The synthetic street is there to train trackers on: what they add must show in the metrics.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera::test {
namespace {

class SynthRewardsTracking : public TemporaryFolder {
 protected:
  nlohmann::json evaluate(const std::string& metric, const std::string& oracle) const {
    const std::string street = (folder_ / "street").string(),
                      json = (folder_ / "out.json").string();
    const ProgramResult result =
        run_tessera("eval " + metric + " --quiet --gt " + street + "/panoptic_maps/val --pred " +
                    street + "/predictions/" + oracle + " --json " + json);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return nlohmann::json::parse(read_text_file(json));
  }
};

TEST_F(SynthRewardsTracking, RandomThenOverlapThenPerfectIdentities) {
  const ProgramResult drawn =
      run_tessera("synth --quiet " + (folder_ / "street").string() +
                  " --sequences 0 --val-sequences 3 --frames 40 --size 416x128 --oracles");
  ASSERT_EQ(drawn.exit_code, 0) << drawn.err;
  const double random = evaluate("stq", "random-ids")["STQ"],
               overlap = evaluate("stq", "iou")["STQ"], perfect = evaluate("stq", "perfect")["STQ"];
  EXPECT_LT(random, 0.4);
  EXPECT_GT(overlap, random + 0.2);
  EXPECT_LT(overlap, 0.85);
  EXPECT_DOUBLE_EQ(perfect, 1);
  const auto things = [&](const std::string& oracle) -> double {
    return evaluate("vpq", oracle)["windows"]["4"]["PQ_things"];
  };
  EXPECT_LT(things("random-ids"), 30);
  EXPECT_GT(things("iou"), 40);
  EXPECT_LT(things("iou"), 85);
  EXPECT_GT(things("perfect"), 99.9);
}

}  // namespace
}  // namespace tessera::test
