#include "tessera/inference/predict_images.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "command.h"
#include "tessera/core/error.h"
#include "tessera/core/log.h"
#include "tessera/data/class_list.h"
#include "tessera/inference/predict_videos.h"
#include "torch_commands.h"

namespace tessera::app {
namespace {

struct State {
  CommonOptions common;
  std::string config, checkpoint, input, out;
  std::vector<std::string> set, views;
  ComputeOptions compute;
  bool visualize = false, replace = false, cat_ins = false;
};

void predict_images_of(const Config& config, const std::vector<ClassInfo>& classes,
                       const State& state) {
  if (!state.views.empty() || state.cat_ins)
    throw UsageError("--views and --cat-ins are for models that predict videos");
  const auto pictures = find_pictures(state.input, config);
  const auto predictor = make_image_predictor(config, state.checkpoint, classes, state.compute);
  predict_images(*predictor, pictures, classes, state.out, {state.visualize, state.replace});
  spdlog::info("{} pictures in {}", pictures.size(), state.out);
}

/// What tells a run from others: its results depend on nothing else.
std::string describe_run(const Config& config, const State& state) {
  const auto written = std::filesystem::last_write_time(state.checkpoint).time_since_epoch();
  return fmt::format("{}\n{} {} {}\n{}\n{} {}", config.dump(),
                     std::filesystem::absolute(state.checkpoint).string(),
                     std::filesystem::file_size(state.checkpoint), written.count(),
                     std::filesystem::absolute(state.input).string(), state.compute.precision,
                     fmt::join(state.views, ","));
}

void predict_videos_of(const Config& config, const std::vector<ClassInfo>& classes,
                       const State& state) {
  const auto videos = find_videos(state.input, config);
  const auto predictor = make_video_predictor(config, state.checkpoint, classes, state.compute);
  PredictVideosOptions options = result_options(config.section<VideoTestOptions>("test"));
  options.cat_ins = state.cat_ins;
  const auto wants = [&](const char* view) {
    return std::find(state.views.begin(), state.views.end(), view) != state.views.end();
  };
  options.video = state.visualize || wants("mp4");
  options.gif = wants("gif");
  options.pictures = wants("pictures");
  options.replace = state.replace;
  options.run = describe_run(config, state);
  predict_videos(*predictor, videos, classes, state.out, options);
  config.save(std::filesystem::path(state.out) / "config.yaml");
  spdlog::info("{} videos in {}", videos.size(), state.out);
}

}  // namespace

void add_predict_command(CLI::App& app) {
  auto state = std::make_shared<State>();
  CLI::App* command = add_command(
      app, "predict", torch_command_description("predict"),
      "tessera predict configs/knet/knet_s3_r50_fpn_1x_coco-panoptic.yaml knet.pth photos -o "
      "results --visualize",
      state->common, [state] {
        const Config config = Config::load(state->config, state->set);
        const auto classes = class_list(config.text("classes"));
        state->compute.threads = state->common.thread_count();
        if (predicts_videos(config))
          predict_videos_of(config, classes, *state);
        else
          predict_images_of(config, classes, *state);
      });
  command->add_option("CONFIG", state->config, "The model's configuration")->required();
  command->add_option("CHECKPOINT", state->checkpoint, ".pth or .safetensors")->required();
  command
      ->add_option("INPUT", state->input,
                   "A picture, a video, a folder of frames, or a split's name")
      ->required();
  command->add_option("-o,--out", state->out, "The folder of results")->required();
  command->add_option("--set", state->set, "Overrides a key of the configuration: a.b=c");
  command->add_option("--device", state->compute.device, "cpu, cuda or cuda:N")
      ->capture_default_str();
  command->add_option("--precision", state->compute.precision, "fp32 or bf16")
      ->check(CLI::IsMember({"fp32", "bf16"}))
      ->capture_default_str();
  command->add_flag("--visualize", state->visualize,
                    "Draw overlays as well; of videos an MP4 with five views");
  command->add_option("--views", state->views, "Of videos: mp4, gif, pictures")
      ->delimiter(',')
      ->check(CLI::IsMember({"mp4", "gif", "pictures"}));
  command->add_flag("--cat-ins", state->cat_ins,
                    "Of videos: the official *_cat.png and *_ins.png as well");
  command->add_flag("--force", state->replace, "Replace a folder that holds something");
}

}  // namespace tessera::app
