#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <mutex>
#include <string>

namespace tessera {

/// Where progress is shown and how time passes. The default is standard error, silent under
/// --quiet.
struct ProgressOutput {
  std::ostream* stream;             ///< null: silent
  bool terminal;                    ///< redraw one line instead of writing new ones
  std::function<double()> seconds;  ///< a clock that never goes back

  static ProgressOutput standard();
};

/// How far a long piece of work has come, with its rate and the time it still needs: a bar on a
/// terminal, otherwise a plain line about every tenth of the work or half a minute. May be advanced
/// from several threads.
class Progress {
 public:
  /// `total` 0: it is not known how much there is.
  Progress(std::string title, std::uint64_t total, std::string unit,
           ProgressOutput output = ProgressOutput::standard());
  /// Leaves what was shown last on its line, also when an error ends the work early.
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void advance(std::uint64_t count = 1);

 private:
  bool is_due(double now) const;
  void show(double now);

  const std::string title_;
  const std::uint64_t total_;
  const std::string unit_;
  const ProgressOutput output_;
  const double start_;
  std::mutex mutex_;
  std::uint64_t done_ = 0;
  std::uint64_t shown_done_ = 0;
  double shown_at_;
};

/// 3725 seconds as "1:02:05", 65 as "1:05".
std::string format_duration(double seconds);

}  // namespace tessera
