#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/data/dataset.h"
#include "tessera/data/synth/synth_frame.h"

namespace tessera::synth {

/// Writes frames in the layout of one dataset.
class DatasetWriter {
 public:
  explicit DatasetWriter(std::filesystem::path root) : root_(std::move(root)) {}
  virtual ~DatasetWriter() = default;

  /// Called for every frame, in order, before it is written.
  virtual void prepare(const SynthFrame&) {}
  /// Writes the frame's files and returns what the annotation files say about it. Frames are
  /// written at the same time from several threads.
  virtual nlohmann::json write(const SynthFrame& frame) const = 0;
  /// Called for every frame, in order, after it is written.
  virtual void collect(const SynthFrame&, nlohmann::json) {}
  /// Writes the annotation files.
  virtual void finish() {}

 protected:
  /// `relative` below the root, its folder made.
  std::filesystem::path file(const std::filesystem::path& relative) const;
  /// A PNG at the fastest level: a camera's noise hardly compresses.
  void write_picture(const std::filesystem::path& relative, const Image& image) const;
  void write_json(const std::filesystem::path& relative, const nlohmann::json& content) const;

 private:
  std::filesystem::path root_;
};

/// The names of `--format`.
std::vector<std::string> synth_format_names();
/// UsageError with the nearest name for an unknown format, or when the format cannot hold sequences
/// of that many frames.
std::unique_ptr<DatasetWriter> make_dataset_writer(std::string_view format,
                                                   const std::filesystem::path& root, int frames);

std::unique_ptr<DatasetWriter> make_kitti_step_writer(const std::filesystem::path& root);
std::unique_ptr<DatasetWriter> make_kitti_step_flat_writer(const std::filesystem::path& root);
std::unique_ptr<DatasetWriter> make_cityscapes_vps_writer(const std::filesystem::path& root,
                                                          int frames);
std::unique_ptr<DatasetWriter> make_coco_writer(const std::filesystem::path& root);
std::unique_ptr<DatasetWriter> make_ade20k_writer(const std::filesystem::path& root);
std::unique_ptr<DatasetWriter> make_youtube_vis_writer(const std::filesystem::path& root);
std::unique_ptr<DatasetWriter> make_davis_writer(const std::filesystem::path& root);

std::unique_ptr<DatasetWriter> make_cityscapes_writer(const std::filesystem::path& root);
std::unique_ptr<DatasetWriter> make_custom_writer(const std::filesystem::path& root);
std::unique_ptr<DatasetWriter> make_kitti_mots_writer(const std::filesystem::path& root);
std::unique_ptr<DatasetWriter> make_mapillary_writer(const std::filesystem::path& root);
std::unique_ptr<DatasetWriter> make_pascal_voc_writer(const std::filesystem::path& root);
std::unique_ptr<DatasetWriter> make_vipseg_writer(const std::filesystem::path& root);

/// A frame's classes and the identities of its things as KITTI-STEP encodes them. `classes` are in
/// order of the trainIds; `tracks` are the frame's own or another's guess.
Image label_picture(const SynthFrame& frame, const IdMap& tracks,
                    const std::vector<ClassInfo>& classes);

/// Of each name the class that is called so; null for "".
std::vector<const ClassInfo*> classes_by_name(const std::vector<ClassInfo>& classes,
                                              const std::vector<std::string>& names);

/// Classes as COCO's files list them: the instances' and the panoptic.
struct CocoCategories {
  nlohmann::json things, all;
};
CocoCategories coco_categories(const std::vector<ClassInfo>& classes);

/// The number that a sequence of KITTI-STEP has: those of the official split first, so that tools
/// which know them by heart find them.
int kitti_step_sequence_number(const std::string& split, int sequence);

}  // namespace tessera::synth
