#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/interrupt.h"
#include "tessera/core/progress.h"
#include "tessera/data/datasets/kitti_sequences.h"
#include "tessera/data/folder_cache.h"
#include "tessera/data/prepare/place_file.h"
#include "tessera/data/problems.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

/// kitti-step's archive has panoptic_maps/<split>/; Video K-Net's steps move them to
/// training/panoptic.
fs::path labels_folder(const fs::path& source, const std::string& split, FolderCache& folders) {
  for (const fs::path& place : {source / "training" / "panoptic", source / "panoptic_maps" / split,
                                source / "kitti-step" / "panoptic_maps" / split})
    if (folders.has_folder(place)) return place;
  fail("{}: found neither training/panoptic nor panoptic_maps/{}", source.string(), split);
}

/// source/0002/000017.png -> destination/000002_000017_<kind>.png
void place_sequence(const fs::path& folder, const std::string& sequence,
                    const fs::path& destination, const std::string& kind, FolderCache& folders,
                    Placing placing) {
  for (const std::string& name : folders.files_ending(folder / sequence, ".png")) {
    check_interrupt();
    place_file(folder / sequence / name,
               destination / fmt::format("{:06}_{}_{}.png", std::stoi(sequence),
                                         fs::path(name).stem().string(), kind),
               placing);
  }
}

}  // namespace

void prepare_kitti_step(const PrepareOptions& options) {
  FolderCache folders;
  ProblemList problems;
  struct Job {
    fs::path folder;
    std::string sequence, split, kind;
  };
  std::vector<Job> jobs;
  for (const std::string split : {"train", "val", "test"}) {
    const bool is_test = split == "test";
    const fs::path pictures = options.source / (is_test ? "testing" : "training") / "image_02";
    if (is_test && !folders.has_folder(pictures)) continue;  // the labelled splits alone will do
    for (const std::string& sequence : kitti_sequences(split)) {
      jobs.push_back({pictures, sequence, split, "leftImg8bit"});
      if (!is_test)
        jobs.push_back(
            {labels_folder(options.source, split, folders), sequence, split, "panoptic"});
    }
  }
  for (const Job& job : jobs)
    if (folders.files_ending(job.folder / job.sequence, ".png").empty())
      problems.add(ProblemKind::kMissingFile, (job.folder / job.sequence / "*.png").string());
  if (!problems.empty()) fail("{}: {}", options.source.string(), problems.summary());
  Progress progress("kitti-step", jobs.size(), "sequences");
  for (const Job& job : jobs) {
    const fs::path destination = options.destination / "video_sequence" / job.split;
    make_directories(destination);
    place_sequence(job.folder, job.sequence, destination, job.kind, folders, options.placing);
    progress.advance();
  }
}

}  // namespace tessera
