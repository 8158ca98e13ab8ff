#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "tessera/core/json.h"
#include "tessera/image/panoptic_map.h"
#include "tessera/metrics/class_quality.h"
#include "tessera/metrics/pair_count.h"

namespace tessera {

/// One element of "annotations"; its segments are parsed when they are asked for.
struct PanopticAnnotation {
  std::string image_id;   ///< a number or text; empty where there is none (VPSNet's pred.json)
  std::string file_name;  ///< likewise
  std::string_view text;
};

/// Whether the areas that segments are listed with are used: the ground truth's are, predictions'
/// pixels are counted.
enum class ListedAreas { kNeeded, kUnused };

/// A COCO panoptic JSON file. It is mapped; what is kept in memory is its index.
class PanopticJson {
 public:
  explicit PanopticJson(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return file_.path(); }
  const std::vector<PanopticAnnotation>& annotations() const { return annotations_; }
  /// "categories"; Error when there are none or an id comes twice.
  std::vector<Category> categories() const;
  /// "images" as (id, file_name).
  std::vector<std::pair<std::string, std::string>> images() const;
  /// The "segments_info" of an annotation. `parser` is one per thread.
  std::vector<Segment> segments(const PanopticAnnotation& annotation, ListedAreas areas,
                                JsonParser& parser) const;

 private:
  JsonFile file_;
  std::vector<PanopticAnnotation> annotations_;
};

/// Collects segments of the ground truth that are only listed or only in the picture. The official
/// programs count the first as missed and take the second for nothing; so do we, but say so.
class TruthMismatches {
 public:
  void check(const std::vector<Segment>& listed, const PairTable& pairs,
             const std::string& picture);
  /// One line when there were any.
  void warn(const std::filesystem::path& json) const;

 private:
  std::size_t count_ = 0;
  std::string first_;
};

/// An id PNG with its "segments_info" for a report: things are objects, crowds are not judged.
PanopticMap read_panoptic_view(const std::filesystem::path& png, const std::vector<Segment>& listed,
                               const std::vector<Category>& categories);

}  // namespace tessera
