#pragma once

#include <array>

namespace tessera::app {

struct TorchCommand {
  const char* name;
  const char* description;
};

/// The commands that need libtorch or FFmpeg. They live in the program tessera-torch, which
/// `tessera` turns into when one is called: loading these takes longer than most other commands
/// run.
inline constexpr std::array kTorchCommands = {
    TorchCommand{"ablate", "Train, predict and score the variants of a study"},
    TorchCommand{"bench", "Measure how long each stage of prediction takes, or of reading data"},
    TorchCommand{"info", "Show versions, devices, CPU features, BLAS, threads and memory"},
    TorchCommand{"inspect",
                 "Show what a checkpoint, a model or a dataset holds, and what is wrong"},
    TorchCommand{"predict", "Segment pictures or track through videos with a trained model"},
    TorchCommand{"train", "Train a model"},
    TorchCommand{"visualize", "Make a video of panoptic maps (KITTI-STEP's encoding)"},
};

/// The description of one of them.
constexpr const char* torch_command_description(const char* name) {
  for (const TorchCommand& command : kTorchCommands)
    if (__builtin_strcmp(command.name, name) == 0) return command.description;
  return nullptr;
}

}  // namespace tessera::app
