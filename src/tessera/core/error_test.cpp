#include "tessera/core/error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tessera {
namespace {

TEST(Error, ContextStandsBeforeTheMessage) {
  try {
    with_context("model.pth", [] { fail("tensor '{}' is cut short", "conv1.weight"); });
    FAIL() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "model.pth: tensor 'conv1.weight' is cut short");
  }
}

TEST(Error, ContextKeepsTheKindOfError) {
  EXPECT_THROW(with_context("x", [] { throw UsageError("y"); }), UsageError);
}

TEST(Error, ContextPassesValuesThrough) {
  EXPECT_EQ(with_context("x", [] { return 7; }), 7);
}

}  // namespace
}  // namespace tessera
