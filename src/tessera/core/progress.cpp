#include "tessera/core/progress.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <utility>

namespace tessera {
namespace {

constexpr double kRedrawSeconds = 0.1;
constexpr double kLineSeconds = 30;
constexpr std::uint64_t kLines = 10;
constexpr int kBarWidth = 24;

std::string draw_bar(double share) {
  const int filled = static_cast<int>(share * kBarWidth);
  return fmt::format(" |{}{}|", std::string(static_cast<std::size_t>(filled), '#'),
                     std::string(static_cast<std::size_t>(kBarWidth - filled), ' '));
}

}  // namespace

ProgressOutput ProgressOutput::standard() {
  return {
      spdlog::should_log(spdlog::level::info) ? &std::cerr : nullptr, ::isatty(2) != 0, [] {
        return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch())
            .count();
      }};
}

Progress::Progress(std::string title, std::uint64_t total, std::string unit, ProgressOutput output)
    : title_(std::move(title)),
      total_(total),
      unit_(std::move(unit)),
      output_(std::move(output)),
      start_(output_.seconds()),
      shown_at_(start_) {}

Progress::~Progress() {
  if (output_.stream == nullptr || done_ == 0) return;
  if (shown_done_ != done_) show(output_.seconds());
  if (output_.terminal) *output_.stream << '\n' << std::flush;
}

void Progress::advance(std::uint64_t count) {
  if (output_.stream == nullptr) return;
  const std::lock_guard lock(mutex_);
  done_ += count;
  if (const double now = output_.seconds(); is_due(now)) show(now);
}

bool Progress::is_due(double now) const {
  if (output_.terminal) return now - shown_at_ >= kRedrawSeconds || done_ == total_;
  if (now - shown_at_ >= kLineSeconds) return true;
  return total_ > 0 && done_ * kLines / total_ > shown_done_ * kLines / total_;
}

void Progress::show(double now) {
  shown_at_ = now;
  shown_done_ = done_;
  const double elapsed = std::max(now - start_, 1e-9);
  const double rate = static_cast<double>(done_) / elapsed;
  std::string line = title_;
  if (total_ > 0) {
    const double share = std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
    line += fmt::format(" {:3.0f}%", std::floor(share * 100));
    if (output_.terminal) line += draw_bar(share);
    line += fmt::format(" {}/{} {}", done_, total_, unit_);
  } else {
    line += fmt::format(" {} {}", done_, unit_);
  }
  line += fmt::format(", {:.4g} {}/s", rate, unit_);
  line += done_ < total_ ? fmt::format(", {} left",
                                       format_duration(static_cast<double>(total_ - done_) / rate))
                         : fmt::format(", took {}", format_duration(elapsed));
  // \r goes to the start of the line and \033[K clears what a longer line has left.
  *output_.stream << (output_.terminal ? "\r\033[K" : "") << line << (output_.terminal ? "" : "\n")
                  << std::flush;
}

std::string format_duration(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::llround(std::max(0.0, seconds)));
  const std::uint64_t hours = whole / 3600, minutes = whole / 60 % 60;
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, whole % 60)
                   : fmt::format("{}:{:02}", minutes, whole % 60);
}

}  // namespace tessera
