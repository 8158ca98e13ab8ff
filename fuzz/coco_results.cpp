// COCO's annotations and results, as `tessera eval coco` reads them.
#include "evaluate_json.h"
#include "tessera/metrics/evaluate.h"

namespace {

constexpr std::string_view kTruth = R"({"images": [{"id": 1, "width": 8, "height": 6}, {"id": 2}],
"categories": [{"id": 1, "name": "a"}, {"id": 3, "name": "b"}],
"annotations": [
{"id": 1, "image_id": 1, "category_id": 1, "area": 6, "iscrowd": 0, "bbox": [1, 1, 3, 2],
 "segmentation": [[1, 1, 4, 1, 4, 3, 1, 3]]},
{"id": 2, "image_id": 1, "category_id": 3, "area": 9, "iscrowd": 1, "bbox": [0, 0, 2, 6],
 "segmentation": {"size": [6, 8], "counts": [0, 9, 39]}}]})";
constexpr std::string_view kPrediction = R"([
{"image_id": 1, "category_id": 1, "score": 0.5, "bbox": [1, 1, 3, 2],
 "segmentation": {"size": [6, 8], "counts": "07?12"}},
{"image_id": 2, "category_id": 3, "score": 0.25, "bbox": [0, 0, 1, 1],
 "segmentation": {"size": [6, 8], "counts": [0, 1, 47]}}])";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tessera::fuzz::evaluate_json(tessera::coco_kind(), {data, size}, kTruth, kPrediction);
  return 0;
}
