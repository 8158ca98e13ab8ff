#include "tessera/training/loss_scaler.h"

#include <gtest/gtest.h>

namespace tessera {
namespace {

TEST(LossScaler, HalvesAtAnOverflowAndDoublesAfterALongTime) {
  LossScaler scaler;
  EXPECT_EQ(scaler.scale(), 65536);
  scaler.update(true);
  EXPECT_EQ(scaler.scale(), 32768);
  for (int step = 0; step < 1999; ++step) scaler.update(false);
  EXPECT_EQ(scaler.scale(), 32768);
  scaler.update(false);
  EXPECT_EQ(scaler.scale(), 65536);
}

TEST(LossScaler, AnOverflowStartsTheCountAnew) {
  LossScaler scaler;
  for (int step = 0; step < 1999; ++step) scaler.update(false);
  scaler.update(true);
  for (int step = 0; step < 1999; ++step) scaler.update(false);
  EXPECT_EQ(scaler.scale(), 32768);
}

TEST(LossScaler, GoesOnWhereItWas) {
  LossScaler first, second;
  for (int step = 0; step < 1500; ++step) first.update(false);
  second.set_state(first.state());
  for (int step = 0; step < 500; ++step) second.update(false);
  EXPECT_EQ(second.scale(), 131072);
}

}  // namespace
}  // namespace tessera
