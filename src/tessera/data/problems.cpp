#include "tessera/data/problems.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "tessera/core/text.h"

namespace tessera {

std::string_view to_string(ProblemKind kind) {
  switch (kind) {
    case ProblemKind::kMissingFile:
      return "missing file(s)";
    case ProblemKind::kMissingLabels:
      return "picture(s) without annotation";
    case ProblemKind::kMissingPicture:
      return "annotation(s) without picture";
    case ProblemKind::kUnknownClass:
      return "unknown class id(s)";
    case ProblemKind::kWrongSize:
      return "picture(s) and annotation(s) of different size";
    case ProblemKind::kUnreadable:
      return "broken file(s)";
    case ProblemKind::kEmpty:
      return "split(s) without a picture";
    case ProblemKind::kNotOpened:
      return "split(s) that can't be opened";
    case ProblemKind::kFrameGap:
      return "gap(s) between frames";
  }
  return "problem(s)";
}

bool ProblemList::has_errors() const {
  return std::any_of(problems_.begin(), problems_.end(), [](const DatasetProblem& problem) {
    return problem.kind != ProblemKind::kFrameGap;
  });
}

std::vector<std::string> ProblemList::lines() const {
  std::map<ProblemKind, std::vector<std::string>> by_kind;
  for (const DatasetProblem& problem : problems_) by_kind[problem.kind].push_back(problem.item);
  std::vector<std::string> lines;
  for (const auto& [kind, items] : by_kind)
    lines.push_back(fmt::format("{} {}: {}", items.size(), to_string(kind), summarize(items)));
  return lines;
}

std::string ProblemList::summary() const { return fmt::format("{}", fmt::join(lines(), "; ")); }

}  // namespace tessera
