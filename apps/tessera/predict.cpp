#include "tessera/inference/predict_images.h"

#include <memory>
#include <string>
#include <vector>

#include "command.h"
#include "tessera/core/log.h"
#include "tessera/data/class_list.h"
#include "torch_commands.h"

namespace tessera::app {

void add_predict_command(CLI::App& app) {
  struct State {
    CommonOptions common;
    std::string config, checkpoint, input, out;
    std::vector<std::string> set;
    ComputeOptions compute;
    PredictOptions options;
  };
  auto state = std::make_shared<State>();
  CLI::App* command = add_command(
      app, "predict", torch_command_description("predict"),
      "tessera predict configs/knet/knet_s3_r50_fpn_1x_coco-panoptic.yaml knet.pth photos -o "
      "results --visualize",
      state->common, [state] {
        const Config config = Config::load(state->config, state->set);
        const auto classes = class_list(config.text("classes"));
        const auto pictures = find_pictures(state->input, config);
        state->compute.threads = state->common.thread_count();
        const auto predictor =
            make_image_predictor(config, state->checkpoint, classes, state->compute);
        predict_images(*predictor, pictures, classes, state->out, state->options);
        spdlog::info("{} pictures in {}", pictures.size(), state->out);
      });
  command->add_option("CONFIG", state->config, "The model's configuration")->required();
  command->add_option("CHECKPOINT", state->checkpoint, ".pth or .safetensors")->required();
  command->add_option("INPUT", state->input, "A picture, a folder of them, or a split's name")
      ->required();
  command->add_option("-o,--out", state->out, "The folder of results")->required();
  command->add_option("--set", state->set, "Overrides a key of the configuration: a.b=c");
  command->add_option("--device", state->compute.device, "cpu, cuda or cuda:N")
      ->capture_default_str();
  command->add_option("--precision", state->compute.precision, "fp32 or bf16")
      ->check(CLI::IsMember({"fp32", "bf16"}))
      ->capture_default_str();
  command->add_flag("--visualize", state->options.visualize, "Draw overlays as well");
  command->add_flag("--force", state->options.replace, "Replace a folder that holds something");
}

}  // namespace tessera::app
