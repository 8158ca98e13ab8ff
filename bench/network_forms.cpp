// network_forms [WIDTHxHEIGHT] [ROUNDS]: processor seconds of ResNet-50 on one thread in the forms
// that libtorch offers, in turns, and what each is off by. docs/decisions.md has the result.
#include <fmt/core.h>
#include <torch/torch.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <string>
#include <vector>

#include "tessera/core/stage_clock.h"
#include "tessera/nn/compat.h"
#include "tessera/nn/fill.h"
#include "tessera/nn/inference_form.h"
#include "tessera/nn/resnet.h"

namespace tessera {
namespace {

struct Form {
  std::string name;
  ResNet net;
  torch::Tensor image;
  std::vector<double> seconds = {};
  double off = 0;
};

ResNet make_net() {
  ResNet net(ResNetOptions{.depth = 50});
  fill_module(*net);
  net->eval();
  return net;
}

ResNet with_folded_norms() {
  ResNet net = make_net();
  const torch::NoGradGuard no_grad;
  net->apply([](torch::nn::Module& part) {
    if (auto* form = dynamic_cast<InferenceForm*>(&part)) form->fold_norms();
  });
  return net;
}

ResNet with_channels_last() {
  ResNet net = with_folded_norms();
  for (auto& parameter : net->parameters())
    if (parameter.dim() == 4)
      parameter.set_data(parameter.detach().contiguous(torch::MemoryFormat::ChannelsLast));
  return net;
}

ResNet packed() {
  ResNet net = make_net();
  prepare_for_inference(*net, torch::kCPU, torch::kFloat32);
  return net;
}

double processor_seconds(const std::function<void()>& work) {
  const std::clock_t start = std::clock();
  work();
  return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
}

void run(int width, int height, int rounds) {
  set_compute_threads(1);
  const torch::InferenceMode inference;
  const auto image = signal("image", {1, 3, height, width});
  std::vector<Form> forms = {{"as trained", make_net(), image},
                             {"norms folded", with_folded_norms(), image},
                             {"folded, channels last", with_channels_last(),
                              image.contiguous(torch::MemoryFormat::ChannelsLast)},
                             {"folded, oneDNN's order", packed(), image}};
  const auto expected = forms[0].net(image).back();
  for (Form& form : forms)
    form.off = ((form.net(form.image).back() - expected).abs().max() / expected.abs().max())
                   .item<double>();
  for (int round = 0; round < rounds; ++round)
    for (Form& form : forms)
      form.seconds.push_back(processor_seconds([&form] { form.net(form.image); }));
  for (const Form& form : forms)
    fmt::print("{:<24}{:>8.3f} s, off by {:.1e}\n", form.name, median(form.seconds), form.off);
}

}  // namespace
}  // namespace tessera

int main(int argc, char** argv) {
  int width = 1248, height = 384;
  if (argc > 1 && std::sscanf(argv[1], "%dx%d", &width, &height) != 2) return 2;
  tessera::run(width, height, argc > 2 ? std::atoi(argv[2]) : 5);
}
