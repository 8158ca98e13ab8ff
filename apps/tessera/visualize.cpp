#include "tessera/report/visualize.h"

#include <memory>
#include <string>

#include "command.h"
#include "tessera/core/log.h"
#include "torch_commands.h"

namespace tessera::app {
namespace {

constexpr int kNameHeight = 10;

}  // namespace

void add_visualize_command(CLI::App& app) {
  struct State {
    CommonOptions common;
    VisualizeOptions options;
    std::string results, out, images, mode = "panoptic";
    bool names = false;
  };
  auto state = std::make_shared<State>();
  CLI::App* command = add_command(
      app, "visualize", torch_command_description("visualize"),
      "tessera visualize street/panoptic_maps/val --images street/images/val --mode grid -o "
      "street.mp4",
      state->common, [state] {
        state->options.view.mode = view_mode_from_name(state->mode);
        if (state->names) state->options.view.name_height = kNameHeight;
        state->options.images = state->images;
        const std::size_t frames = visualize(state->results, state->out, state->options);
        spdlog::info("{} frames in {}", frames, state->out);
      });
  VideoOptions& video = state->options.video;
  command->add_option("RESULTS", state->results, "Folder of PNGs, or of folders of them")
      ->required();
  command->add_option("-o,--out", state->out, "FILE.mp4, FILE.gif or a folder")->required();
  command->add_option("--images", state->images,
                      "The camera's pictures: a folder, named as the results, or a video file");
  command->add_option("--mode", state->mode, "panoptic, semantic, instance, overlay or grid")
      ->capture_default_str();
  command->add_flag("--names", state->names, "Write class names into the segments");
  command
      ->add_option("--classes", state->options.classes,
                   "What the red channel counts: cityscapes, vipseg, ..., or a classes.yaml")
      ->capture_default_str();
  command->add_option("--fps", video.frames_per_second, "Frames a second")->capture_default_str();
  command->add_flag("--force", video.replace, "Replace a folder that holds something");
}

}  // namespace tessera::app
