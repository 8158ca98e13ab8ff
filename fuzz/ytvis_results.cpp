// YouTube-VIS's annotations and results, as `tessera eval ytvis` reads them.
#include "evaluate_json.h"
#include "tessera/metrics/evaluate.h"

namespace {

constexpr std::string_view kTruth = R"({
"videos": [{"id": 1, "width": 8, "height": 6, "file_names": ["a", "b"]}],
"categories": [{"id": 1, "name": "a"}, {"id": 3, "name": "b"}],
"annotations": [{"id": 1, "video_id": 1, "category_id": 1, "iscrowd": 0, "areas": [9, null],
 "segmentations": [{"size": [6, 8], "counts": [0, 9, 39]}, null]}]})";
constexpr std::string_view kPrediction = R"([
{"video_id": 1, "category_id": 1, "score": 0.5,
 "segmentations": [{"size": [6, 8], "counts": [0, 7, 41]}, null]}])";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tessera::fuzz::evaluate_json(tessera::ytvis_kind(), {data, size}, kTruth, kPrediction);
  return 0;
}
