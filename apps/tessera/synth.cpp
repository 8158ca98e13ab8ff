#include <fmt/ranges.h>

#include <memory>
#include <string>

#include "command.h"
#include "tessera/core/log.h"
#include "tessera/core/progress.h"
#include "tessera/data/synth/dataset_writer.h"
#include "tessera/data/synth/synthesize.h"

namespace tessera::app {

void add_synth_command(CLI::App& app) {
  struct State {
    CommonOptions common;
    synth::SynthOptions options;
    std::string out, size, street = "full";
  };
  auto state = std::make_shared<State>();
  state->size = to_string(state->options.size);
  CLI::App* command = add_command(
      app, "synth", "Draw a synthetic street with exact labels, as a dataset",
      "tessera synth street --sequences 8 --frames 60 --size 1248x384 --seed 1", state->common,
      [state] {
        synth::SynthOptions& options = state->options;
        options.size = synth::parse_size(state->size);
        if (state->street == "plain") options.street = synth::StreetKind::kPlain;
        options.seed = state->common.seed;
        options.threads = state->common.threads;
        Progress progress("street", synth::total_frames(options), "frames");
        synth::synthesize(state->out, options,
                          [&progress](std::size_t count) { progress.advance(count); });
        spdlog::info("{} train and {} val sequences of {} frames in {}", options.sequences,
                     options.val_sequences, options.frames, state->out);
      });
  synth::SynthOptions& options = state->options;
  command->add_option("OUT", state->out, "Folder to write")->required();
  command
      ->add_option("--format", options.format,
                   fmt::format("One of {} (kitti-step-flat is Video K-Net's tree)",
                               fmt::join(synth::synth_format_names(), ", ")))
      ->capture_default_str();
  command->add_option("--sequences", options.sequences, "Sequences in train")
      ->capture_default_str();
  command->add_option("--val-sequences", options.val_sequences, "Sequences in val")
      ->capture_default_str();
  command->add_option("--frames", options.frames, "Frames in each sequence")->capture_default_str();
  command
      ->add_option(
          "--street", state->street,
          "full, or plain: few and near people and cars and nothing thin, for small models")
      ->check(CLI::IsMember({"full", "plain"}))
      ->capture_default_str();
  command->add_option("--size", state->size, "WIDTHxHEIGHT of a frame")->capture_default_str();
  command->add_flag("--flow", options.flow, "Write the optical flow too (.flo)");
  command->add_flag("--oracles", options.oracles,
                    "Write what an ideal segmenter predicts with random ids, with ids by overlap "
                    "and with perfect ids (kitti-step, val)");
  command->add_flag("--force", options.replace, "Replace OUT if it holds something");
}

}  // namespace tessera::app
