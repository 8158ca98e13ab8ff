#include "tessera/nn/fill_rule.h"

#include <gtest/gtest.h>

#include <bit>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tessera/core/file.h"
#include "tessera/core/random.h"
#include "test_support.h"

namespace tessera {
namespace {

/// FNV-1a over the values' bytes: one number that stands for all bits of a large tensor.
std::uint64_t hash_of(const std::vector<float>& values) {
  return fnv1a({reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)});
}

/// fill_rule.json holds the first values (as the bits of a float) and the hash of all values that
/// the reference implementation of the rule computes; tests/golden/fill_rule.py writes it.
nlohmann::json read_golden() {
  return nlohmann::json::parse(read_text_file(test::golden_dir() / "fill_rule.json"));
}

void expect_equal(const std::vector<float>& values, const nlohmann::json& golden) {
  const auto first = golden["first"].get<std::vector<std::uint32_t>>();
  for (std::size_t i = 0; i < first.size(); ++i)
    EXPECT_EQ(std::bit_cast<std::uint32_t>(values[i]), first[i])
        << golden["name"] << " value " << i;
  EXPECT_EQ(values.size(), golden["count"].get<std::size_t>());
  EXPECT_EQ(hash_of(values), golden["hash"].get<std::uint64_t>()) << golden["name"];
}

TEST(FillRule, EqualsTheReferenceBitForBit) {
  const auto golden = read_golden();
  ASSERT_GE(golden["fill"].size(), 10u);
  for (const auto& entry : golden["fill"])
    expect_equal(fill_values(entry["name"].get<std::string>(),
                             entry["shape"].get<std::vector<std::int64_t>>(),
                             entry["salt"].get<std::string>()),
                 entry);
}

TEST(FillRule, SignalsEqualTheReferenceBitForBit) {
  const auto golden = read_golden();
  ASSERT_GE(golden["signal"].size(), 2u);
  for (const auto& entry : golden["signal"])
    expect_equal(signal_values(entry["name"].get<std::string>(), entry["count"],
                               entry["scale"].get<double>()),
                 entry);
}

TEST(FillRule, CountersAreZero) {
  const std::vector<std::int64_t> scalar;
  EXPECT_EQ(fill_values("bn.num_batches_tracked", scalar), std::vector<float>{0});
}

}  // namespace
}  // namespace tessera
