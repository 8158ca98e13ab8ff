// make_eval_data OUT [SEQUENCES FRAMES]: KITTI-STEP-sized pictures to time evaluators on, the same
// at every run.
//   OUT/step/gt/SSSSSS_FFFFFF_panoptic.png and OUT/step/pred/panoptic/S/SSSSSS_FFFFFF_{cat,ins}.png
//   OUT/coco/{gt,pred}.json with their folders of PNGs: the same frames as COCO panoptic
#include <fmt/core.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "tessera/core/file.h"
#include "tessera/core/random.h"
#include "tessera/core/thread_pool.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace {
namespace fs = std::filesystem;

constexpr Size kSize = {1248, 384};
constexpr int kThings = 14;
constexpr std::uint32_t kPerson = 11, kCar = 13, kUnlabelled = 255;
// From the top: sky, building, vegetation, sidewalk, road.
constexpr std::array<std::uint32_t, 5> kBands = {10, 2, 8, 1, 0};

/// A frame as class << 16 | instance. `shift` moves everything by some pixels, as a prediction is
/// a little off; `noise` roughens the borders.
IdMap draw_frame(int sequence, int frame, int shift, std::uint64_t noise) {
  IdMap ids(kSize, 1);
  const Random borders = Random(noise).fork(static_cast<std::uint64_t>(sequence * 1000 + frame));
  for (int x = 0; x < kSize.width; ++x) {
    Random column = borders.fork(static_cast<std::uint64_t>(x));
    double top = 0;
    for (std::size_t band = 0; band < kBands.size(); ++band) {
      const double wave = 12 * std::sin(0.02 * (x + 7.0 * frame) + 2.0 * static_cast<double>(band));
      const double bottom =
          77.0 * static_cast<double>(band + 1) + wave + shift + column.uniform(-2, 2);
      const int end = band + 1 == kBands.size() ? kSize.height : static_cast<int>(bottom);
      for (int y = static_cast<int>(top); y < end; ++y) ids.at(x, y) = kBands[band] << 16;
      top = bottom;
    }
  }
  for (std::uint32_t thing = 0; thing < kThings; ++thing) {
    Random object = Random(9).fork(static_cast<std::uint64_t>(sequence)).fork(thing);
    const double speed = object.uniform(-4, 4), width = object.uniform(12, 60);
    const double height = object.uniform(15, 45), y0 = object.uniform(180, 340);
    const double x0 =
        std::fmod(object.uniform(0, kSize.width) + speed * frame + 5000 * 1248.0, 1248.0);
    const std::uint32_t id = (thing % 3 == 0 ? kPerson : kCar) << 16 | (thing + 1);
    for (int y = std::max(0, static_cast<int>(y0 - height));
         y < std::min(kSize.height, static_cast<int>(y0 + height)); ++y)
      for (int x = std::max(0, static_cast<int>(x0 - width));
           x < std::min(kSize.width, static_cast<int>(x0 + width)); ++x) {
        const double dx = (x - x0 - shift) / width, dy = (y - y0) / height;
        if (dx * dx + dy * dy < 1) ids.at(x, y) = id;
      }
  }
  return ids;
}

/// The car's bonnet, which the ground truth does not label.
void hide_bonnet(IdMap& ids) {
  for (int y = kSize.height - 20; y < kSize.height; ++y)
    std::fill(ids.row(y), ids.row(y) + kSize.width, kUnlabelled << 16);
}

void write_step(const fs::path& root, int sequence, int frame, const IdMap& gt, const IdMap& pred) {
  Image rgb(kSize, 3);
  for (std::size_t i = 0; i < gt.values().size(); ++i)
    for (int c = 0; c < 3; ++c)
      rgb.data()[3 * i + static_cast<std::size_t>(c)] =
          static_cast<std::uint8_t>(gt.values()[i] >> (16 - 8 * c));
  const std::string name = fmt::format("{:06}_{:06}", sequence, frame);
  write_png(root / "gt" / (name + "_panoptic.png"), rgb);
  Image16 labels(kSize, 1), instances(kSize, 1);
  for (std::size_t i = 0; i < pred.values().size(); ++i) {
    labels.data()[i] = static_cast<std::uint16_t>(pred.values()[i] >> 16);
    instances.data()[i] = static_cast<std::uint16_t>(pred.values()[i]);
  }
  const fs::path folder = root / "pred" / "panoptic" / std::to_string(sequence);
  write_png(folder / (name + "_cat.png"), labels);
  write_png(folder / (name + "_ins.png"), instances);
}

/// Writes the frame as COCO panoptic (id + 1, unlabelled as void) and gives its annotation.
nlohmann::json write_coco(const fs::path& folder, int image_id, const IdMap& ids) {
  IdMap segments(kSize, 1);
  std::map<std::uint32_t, std::int64_t> areas;
  for (std::size_t i = 0; i < ids.values().size(); ++i) {
    const std::uint32_t id = ids.values()[i];
    if (id >> 16 == kUnlabelled) continue;
    segments.data()[i] = id + 1;
    ++areas[id + 1];
  }
  const std::string file_name = fmt::format("{:06}.png", image_id);
  write_id_png(folder / file_name, segments);
  nlohmann::json list = nlohmann::json::array();
  for (const auto& [id, area] : areas)
    list.push_back({{"id", id}, {"category_id", (id - 1) >> 16}, {"area", area}, {"iscrowd", 0}});
  return {{"image_id", image_id}, {"file_name", file_name}, {"segments_info", list}};
}

void make(const fs::path& out, int sequences, int frames) {
  for (int s = 0; s < sequences; ++s)
    make_directories(out / "step" / "pred" / "panoptic" / std::to_string(s));
  for (const char* folder : {"step/gt", "coco/gt", "coco/pred"}) make_directories(out / folder);
  std::vector<nlohmann::json> gt_list(static_cast<std::size_t>(sequences * frames));
  std::vector<nlohmann::json> pred_list(gt_list.size());
  parallel_for(gt_list.size(), resolve_threads(0), [&](std::size_t index, int) {
    const int sequence = static_cast<int>(index) / frames, frame = static_cast<int>(index) % frames;
    IdMap gt = draw_frame(sequence, frame, 0, 1);
    const IdMap pred = draw_frame(sequence, frame, 3, 2);
    hide_bonnet(gt);
    write_step(out / "step", sequence, frame, gt, pred);
    gt_list[index] = write_coco(out / "coco" / "gt", static_cast<int>(index), gt);
    pred_list[index] = write_coco(out / "coco" / "pred", static_cast<int>(index), pred);
  });
  nlohmann::json images = nlohmann::json::array(), categories = nlohmann::json::array();
  for (std::size_t i = 0; i < gt_list.size(); ++i) images.push_back({{"id", i}});
  for (int id = 0; id < 19; ++id)
    categories.push_back(
        {{"id", id}, {"name", fmt::format("class {}", id)}, {"isthing", id == 11 || id == 13}});
  write_text_file(
      out / "coco" / "gt.json",
      nlohmann::json{{"images", images}, {"annotations", gt_list}, {"categories", categories}}
          .dump());
  write_text_file(out / "coco" / "pred.json", nlohmann::json{{"annotations", pred_list}}.dump());
}

}  // namespace
}  // namespace tessera

int main(int argc, char** argv) {
  if (argc != 2 && argc != 4) {
    fmt::print(stderr, "make_eval_data OUT [SEQUENCES FRAMES]\n");
    return 2;
  }
  tessera::make(argv[1], argc == 4 ? std::atoi(argv[2]) : 4, argc == 4 ? std::atoi(argv[3]) : 100);
}
