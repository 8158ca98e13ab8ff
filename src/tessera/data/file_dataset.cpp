#include "tessera/data/file_dataset.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <sstream>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/text.h"
#include "tessera/data/label_coding.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace fs = std::filesystem;

Sample FileDataset::load(std::size_t index) const {
  Sample sample;
  sample.key = frames_.at(index).key;
  sample.image = read_image(frames_[index].image_path);
  if (has_labels_) read_labels(index, sample.image.size(), sample);
  return sample;
}

Sample FileDataset::load_labels(std::size_t index) const {
  Sample sample;
  sample.key = frames_.at(index).key;
  if (has_labels_) read_labels(index, read_picture_info(frames_[index].image_path).size, sample);
  return sample;
}

void FileDataset::add_frame(const std::string& sequence, int frame, const std::string& name,
                            const fs::path& picture) {
  if (!sequence.empty()) {
    if (sequences_.empty() || sequences_.back().name != sequence)
      sequences_.push_back({sequence, frames_.size(), 0});
    ++sequences_.back().count;
  }
  frames_.push_back({{sequence, frame, name}, picture});
}

void FileDataset::report_gaps(ProblemList& problems) const {
  for (const SequenceInfo& sequence : sequences_)
    for (std::size_t i = sequence.first + 1; i < sequence.first + sequence.count; ++i) {
      const int before = frames_[i - 1].key.frame, after = frames_[i].key.frame;
      if (after != before + 1)
        problems.add(ProblemKind::kFrameGap,
                     fmt::format("{} between frames {} and {}", sequence.name, before, after));
    }
}

void FileDataset::report_name_gaps(ProblemList& problems) const {
  for (const SequenceInfo& sequence : sequences_) {
    std::vector<int> numbers;
    for (std::size_t i = 0; i < sequence.count; ++i)
      numbers.push_back(frame_number(frames_[sequence.first + i].image_path));
    int step = std::numeric_limits<int>::max();
    for (std::size_t i = 1; i < numbers.size(); ++i)
      step = std::min(step, numbers[i] - numbers[i - 1]);
    for (std::size_t i = 1; i < numbers.size(); ++i)
      if (numbers[i] - numbers[i - 1] != step)
        problems.add(ProblemKind::kFrameGap, fmt::format("{} between {} and {}", sequence.name,
                                                         numbers[i - 1], numbers[i]));
  }
}

void LabelFileDataset::add_labelled_frame(const std::string& sequence, int frame,
                                          const std::string& stem, const fs::path& picture,
                                          const fs::path& labels, FolderCache& folders,
                                          ProblemList& problems) {
  if (has_labels_ && !folders.has_file(labels)) {
    problems.add(ProblemKind::kMissingLabels, picture.string());
    return;
  }
  add_frame(sequence, frame, sequence.empty() ? stem : sequence + "/" + stem, picture);
  label_paths_.push_back(labels);
}

void LabelFileDataset::add_folder_pair(const FolderPair& pair, FolderCache& folders,
                                       ProblemList& problems) {
  int position = 0;
  for (const std::string& name : folders.files_ending(pair.pictures, pair.picture_ending)) {
    const std::string stem = name.substr(0, name.size() - pair.picture_ending.size());
    const int frame = pair.numbered_by_name ? frame_number(pair.pictures / stem) : position;
    add_labelled_frame(pair.sequence, frame, stem, pair.pictures / name,
                       pair.labels / (stem + pair.label_ending), folders, problems);
    ++position;
  }
  if (!has_labels_) return;
  for (const std::string& name : folders.files_ending(pair.labels, pair.label_ending)) {
    const std::string stem = name.substr(0, name.size() - pair.label_ending.size());
    if (!folders.has_file(pair.pictures / (stem + pair.picture_ending)))
      problems.add(ProblemKind::kMissingPicture, (pair.labels / name).string());
  }
}

std::vector<std::string> read_list(const fs::path& path) {
  std::vector<std::string> lines;
  std::istringstream text(read_text_file(path));
  for (std::string line; std::getline(text, line);) {
    const std::size_t end = line.find_last_not_of(" \t\r") + 1;
    const std::size_t start = std::min(line.find_first_not_of(" \t"), end);
    if (end > start) lines.push_back(line.substr(start, end - start));
  }
  return lines;
}

void require_split(FolderCache& folders, const fs::path& folder) {
  if (folders.has_folder(folder)) return;
  const std::vector<std::string>& beside = folders.folders(folder.parent_path());
  fail("{}: no such folder; {}", folder.string(),
       beside.empty() ? "check the root and docs/datasets for the layout"
                      : "beside it are " + summarize(beside));
}

int frame_number(const fs::path& file) {
  const std::string stem = file.stem().string();
  const std::size_t digits = stem.find_last_not_of("0123456789") + 1;
  int number = 0;
  const auto result = std::from_chars(stem.data() + digits, stem.data() + stem.size(), number);
  if (digits == stem.size() || result.ec != std::errc())
    fail("{}: the file name doesn't end with a frame number", file.string());
  return number;
}

fs::path place_below(const fs::path& root, const fs::path& path, const fs::path& fallback) {
  return root / (path.empty() ? fallback : path);
}

}  // namespace tessera
