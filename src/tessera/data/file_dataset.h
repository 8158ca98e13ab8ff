#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tessera/data/dataset.h"
#include "tessera/data/dataset_spec.h"
#include "tessera/data/folder_cache.h"
#include "tessera/data/problems.h"

namespace tessera {

/// What the datasets on disk share: pictures read from files, labels read by the format's own
/// read_labels().
class FileDataset : public Dataset {
 public:
  Sample load(std::size_t index) const override;
  Sample load_labels(std::size_t index) const override;
  bool has_labels() const override { return has_labels_; }

 protected:
  /// Fills everything of `sample` but its key and picture. `picture_size` is the picture's own.
  virtual void read_labels(std::size_t index, Size picture_size, Sample& sample) const = 0;

  /// Appends a frame, to the last sequence if `sequence` is its name, else to a new one; an empty
  /// name makes it a still picture.
  void add_frame(const std::string& sequence, int frame, const std::string& name,
                 const std::filesystem::path& picture);
  /// Reports the numbers that sequences jump over, apart from their first.
  void report_gaps(ProblemList& problems) const;
  /// The same for frames that are counted by position: the numbers in their names, which go up by
  /// some step of the sequence's own.
  void report_name_gaps(ProblemList& problems) const;

  bool has_labels_ = true;
};

/// A folder of pictures and the folder of their label files.
struct FolderPair {
  std::filesystem::path pictures;
  std::filesystem::path labels;
  std::string picture_ending;     ///< ".jpg"; what is before it, the stem, names a picture
  std::string label_ending;       ///< its label file is called stem + this
  std::string sequence;           ///< empty for still pictures
  bool numbered_by_name = false;  ///< frames have the number in their name, not their position
};

/// A dataset whose labels are one file a picture.
class LabelFileDataset : public FileDataset {
 protected:
  /// Adds the pictures that have labels; reports pictures without labels and the reverse.
  void add_folder_pair(const FolderPair& pair, FolderCache& folders, ProblemList& problems);
  /// The same for one frame, whose label file may be missing.
  void add_labelled_frame(const std::string& sequence, int frame, const std::string& stem,
                          const std::filesystem::path& picture, const std::filesystem::path& labels,
                          FolderCache& folders, ProblemList& problems);
  const std::filesystem::path& label_path(std::size_t index) const { return label_paths_[index]; }

 private:
  std::vector<std::filesystem::path> label_paths_;
};

/// The lines of a list file without blanks and empty ones.
std::vector<std::string> read_list(const std::filesystem::path& path);

/// Fails when `folder` isn't there; names the splits beside it that are.
void require_split(FolderCache& folders, const std::filesystem::path& folder);

/// The frame number that a file name ends with ("000012.png" -> 12); an Error that names the file
/// otherwise.
int frame_number(const std::filesystem::path& file);

/// `path` below `root` unless it is empty (then `fallback` is) or absolute.
std::filesystem::path place_below(const std::filesystem::path& root,
                                  const std::filesystem::path& path,
                                  const std::filesystem::path& fallback);

}  // namespace tessera
