#pragma once

#include <string>
#include <vector>

namespace tessera {

enum class ProblemKind {
  kMissingFile,     ///< a list names a file that isn't there
  kMissingLabels,   ///< a picture without its annotation
  kMissingPicture,  ///< an annotation without its picture
  kUnknownClass,    ///< a class id that the dataset doesn't have
  kWrongSize,       ///< picture and annotation differ in size
  kUnreadable,      ///< a broken file
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
  /// One line: "3 pictures without annotation: a, b and 1 more; 1 ...".
  std::string summary() const;

 private:
  std::vector<DatasetProblem> problems_;
};

/// "pictures without annotation" and so on.
std::string_view to_string(ProblemKind kind);

}  // namespace tessera
