#pragma once

#include <cstdio>
#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "json_compare.h"
#include "manifest.h"
#include "tensor.h"

namespace tessera::parity {

/// What a runner compares its results against. Each call prints one line at once; call them in
/// the order of the forward path, so that the first line that is off is where to look.
class Report {
 public:
  Report(const Case& c, std::map<std::string, Values> expected, std::FILE* out);

  /// Whether the case stores a tensor of that name.
  bool has(const std::string& name) const { return expected_.contains(name); }

  /// The stored tensors of the case, for inputs that are stored.
  const Values& stored(const std::string& name) const;

  /// Compares a whole tensor with the stored one of that name. What the manifest says about
  /// sub-sampling, first rows and tolerance is applied here.
  void compare(const std::string& name, const Values& actual);

  /// Compares JSON trees (see compare_json) within the case's tolerance, or `at_most` where that is
  /// tighter.
  void compare_json(const std::string& name, const Json& actual, const Json& expected,
                    double at_most = std::numeric_limits<double>::infinity());

  /// A check of any other kind; `what` says what is wrong when it does not hold.
  void check(const std::string& name, bool holds, const std::string& what);

  struct Line {
    std::string name;
    double error = 0;      ///< relative
    double tolerance = 0;  ///< what was allowed
    bool failed = false;
  };
  const std::vector<Line>& lines() const { return lines_; }
  bool failed() const;
  /// Stored tensors that nothing was compared with.
  std::vector<std::string> uncompared() const;

 private:
  Values prepare(const std::string& name, const Values& actual, const Values& expected) const;
  void add(Line line, const std::string& detail);

  const Case& case_;
  std::map<std::string, Values> expected_;
  mutable std::map<std::string, bool> used_;
  std::vector<Line> lines_;
  std::FILE* out_;
};

/// Runs one case and compares what it computes.
using Runner = std::function<void(const Case&, Report&)>;
/// The runner for a case, or an empty function when there is none yet.
using FindRunner = std::function<Runner(const Case&)>;

}  // namespace tessera::parity
