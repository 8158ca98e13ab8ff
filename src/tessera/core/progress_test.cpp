#include "tessera/core/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "tessera/core/log.h"
#include "tessera/core/thread_pool.h"

namespace tessera {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// Progress on a string, with a clock that the test sets.
class ProgressTest : public ::testing::Test {
 protected:
  ProgressOutput output(bool terminal) {
    return {&stream_, terminal, [this] { return now_; }};
  }
  std::ptrdiff_t lines() const {
    const std::string text = stream_.str();
    return std::count(text.begin(), text.end(), '\n');
  }

  std::ostringstream stream_;
  double now_ = 100;
};

TEST_F(ProgressTest, PlainLinesComeEveryTenth) {
  {
    Progress progress("read", 1000, "frames", output(false));
    for (int i = 0; i < 1000; ++i) {
      now_ += 0.01;
      progress.advance();
    }
  }
  EXPECT_EQ(lines(), 10);
  EXPECT_THAT(stream_.str(), StartsWith("read  10% 100/1000 frames, 100 frames/s, 0:09 left\n"));
  EXPECT_THAT(stream_.str(), HasSubstr("read 100% 1000/1000 frames, 100 frames/s, took 0:10\n"));
  EXPECT_THAT(stream_.str(), Not(HasSubstr("\r")));
}

TEST_F(ProgressTest, SlowWorkStillShowsThatItLives) {
  Progress progress("train", 1000, "steps", output(false));
  for (int i = 0; i < 4; ++i) {
    now_ += 20;
    progress.advance();
  }
  EXPECT_EQ(lines(), 2);
}

TEST_F(ProgressTest, ATerminalRedrawsOneLine) {
  {
    Progress progress("read", 4, "frames", output(true));
    now_ += 1;
    progress.advance(2);
    EXPECT_EQ(stream_.str(),
              "\r\033[Kread  50% |############            | 2/4 frames, 2 frames/s, 0:01 left");
    now_ += 0.01;
    progress.advance();  // too soon to draw again
    EXPECT_THAT(stream_.str(), Not(HasSubstr("75%")));
    progress.advance();
  }
  EXPECT_THAT(stream_.str(), HasSubstr("100%"));
  EXPECT_EQ(lines(), 1);
}

TEST_F(ProgressTest, AnUnknownTotalCounts) {
  {
    Progress progress("decode", 0, "frames", output(true));
    now_ += 2;
    progress.advance(10);
  }
  EXPECT_THAT(stream_.str(), HasSubstr("decode 10 frames, 5 frames/s, took 0:02"));
}

TEST_F(ProgressTest, WorkThatEndsEarlySaysHowFarItCame) {
  {
    Progress progress("read", 100, "frames", output(false));
    now_ += 1;
    progress.advance(5);
  }
  EXPECT_THAT(stream_.str(), StartsWith("read   5% 5/100 frames"));
}

TEST_F(ProgressTest, ThreadsMayAdvanceTogether) {
  {
    Progress progress("read", 400, "frames", output(false));
    parallel_for(400, 4, [&](std::size_t, int) { progress.advance(); });
  }
  EXPECT_THAT(stream_.str(), HasSubstr("read 100% 400/400 frames"));
}

TEST_F(ProgressTest, QuietIsSilent) {
  set_up_logging(Verbosity::kQuiet);
  EXPECT_EQ(ProgressOutput::standard().stream, nullptr);
  set_up_logging(Verbosity::kNormal);
  EXPECT_NE(ProgressOutput::standard().stream, nullptr);
  Progress("read", 1, "frames", {nullptr, true, [] { return 0.0; }}).advance();
}

TEST_F(ProgressTest, DurationsReadLikeAClock) {
  EXPECT_EQ(format_duration(65), "1:05");
  EXPECT_EQ(format_duration(3725.4), "1:02:05");
}

}  // namespace
}  // namespace tessera
