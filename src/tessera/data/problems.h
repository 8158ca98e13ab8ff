#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tessera/core/error.h"

namespace tessera {

enum class ProblemKind {
  kMissingFile,     ///< a list names a file that isn't there
  kMissingLabels,   ///< a picture without its annotation
  kMissingPicture,  ///< an annotation without its picture
  kUnknownClass,    ///< a class id that the dataset doesn't have
  kWrongSize,       ///< picture and annotation differ in size
  kUnreadable,      ///< a broken file
  kEmpty,           ///< a split without a picture
  kNotOpened,       ///< a split whose lists or folders aren't right
  kFrameGap,        ///< numbers that a sequence jumps over; a warning, everything else is an error
};

struct DatasetProblem {
  ProblemKind kind = ProblemKind::kMissingFile;
  std::string item;  ///< the file (or sequence), with details after it where there are some
};

/// What is wrong with a dataset: collected while it is opened, so that the user sees the whole list
/// and not one file at a time.
class ProblemList {
 public:
  void add(ProblemKind kind, std::string item) { problems_.push_back({kind, std::move(item)}); }
  const std::vector<DatasetProblem>& problems() const { return problems_; }
  bool empty() const { return problems_.empty(); }
  bool has_errors() const;
  /// A line for every kind: "3 picture(s) without annotation: a, b and 1 more".
  std::vector<std::string> lines() const;
  /// The same in one line.
  std::string summary() const;

 private:
  std::vector<DatasetProblem> problems_;
};

/// "picture(s) without annotation" and so on.
std::string_view to_string(ProblemKind kind);

/// A picture or its labels can't be used, and why.
class DatasetError : public Error {
 public:
  DatasetError(ProblemKind kind, const std::string& message) : Error(message), kind_(kind) {}
  [[noreturn]] void throw_again(const std::string& message) const override {
    throw DatasetError(kind_, message);
  }
  ProblemKind kind() const { return kind_; }

 private:
  ProblemKind kind_;
};

/// Throws DatasetError with a formatted message.
template <class... Args>
[[noreturn]] void fail_as(ProblemKind kind, fmt::format_string<Args...> format, Args&&... args) {
  throw DatasetError(kind, fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace tessera
