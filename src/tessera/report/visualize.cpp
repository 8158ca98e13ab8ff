#include "tessera/report/visualize.h"

#include <vector>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/interrupt.h"
#include "tessera/data/class_list.h"
#include "tessera/data/step_png.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

/// The maps below `results`, relative to it.
std::vector<fs::path> list_maps(const fs::path& results) {
  std::vector<fs::path> maps;
  const auto add = [&](const fs::path& folder) {
    for (const fs::path& file : list_files(folder, ".png"))
      maps.push_back(fs::relative(file, results));
  };
  add(results);
  if (maps.empty())
    for (const fs::path& folder : list_folders(results)) add(folder);
  if (maps.empty())
    fail("{}: holds no PNG file, neither itself nor in its folders", results.string());
  return maps;
}

Image read_picture(const fs::path& images, fs::path map, Size size) {
  fs::path path = images / map;
  if (!fs::exists(path)) path.replace_extension(".jpg");
  if (!fs::exists(path)) fail("{}: there is no picture for it", (images / map).string());
  Image picture = read_image(path);
  if (picture.size() != size)
    fail("{}: the picture is {}, its result {}", path.string(), to_string(picture.size()),
         to_string(size));
  return picture;
}

}  // namespace

std::size_t visualize(const fs::path& results, const fs::path& out, const VisualizeOptions& options,
                      const std::function<void()>& frame_done) {
  const bool with_picture = needs_picture(options.view.mode);
  if (with_picture && options.images.empty())
    throw UsageError("this mode shows the camera's pictures; pass their folder with --images");
  const std::vector<ClassInfo> classes = class_list(options.classes);
  const std::vector<fs::path> maps = list_maps(results);
  const std::unique_ptr<FrameWriter> writer = create_frame_writer(out, options.video);
  for (const fs::path& map : maps) {
    check_interrupt();
    const PanopticMap result = read_step_png(results / map, classes);
    const Image picture =
        with_picture ? read_picture(options.images, map, result.ids.size()) : Image();
    writer->write(draw_panoptic(options.view, result, classes, picture));
    if (frame_done) frame_done();
  }
  writer->finish();
  return maps.size();
}

}  // namespace tessera
