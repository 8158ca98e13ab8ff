#include "tessera/metrics/table.h"

#include <gtest/gtest.h>

#include <limits>

namespace tessera {
namespace {

TEST(Table, AlignsColumns) {
  const Table table{"PQ", {"", "PQ", "N"}, {{"All", "51.6", "12"}, {"Things", "4.5", "6"}}};
  EXPECT_EQ(to_text(table),
            "PQ\n"
            "          PQ   N\n"
            "----------------\n"
            "All     51.6  12\n"
            "Things   4.5   6\n");
}

TEST(Table, NanIsADash) {
  EXPECT_EQ(format_percent(std::numeric_limits<double>::quiet_NaN()), "-");
  EXPECT_EQ(format_percent(0.51627, 2), "51.63");
}

}  // namespace
}  // namespace tessera
