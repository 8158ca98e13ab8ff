#include "tessera/nn/recompute.h"

#include <torch/torch.h>

#include <mutex>
#include <utility>
#include <vector>

#include "tessera/nn/compat.h"

namespace tessera {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Body = std::function<torch::Tensor(const torch::Tensor&)>;

thread_local bool is_second_time = false;

torch::Tensor random_state(torch::Device device) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard lock(generator.mutex());
  return generator.get_state();
}

void set_random_state(torch::Device device, const torch::Tensor& state) {
  at::Generator generator = at::globalContext().defaultGenerator(device);
  const std::lock_guard lock(generator.mutex());
  generator.set_state(state);
}

/// What the second time needs of the first.
struct FirstTime : torch::CustomClassHolder {
  FirstTime(Body body_, torch::Device device)
      : body(std::move(body_)), random(random_state(device)), precision(autocast_of(device)) {}

  Body body;
  torch::Tensor random;
  AutocastSetting precision;
};

/// The surroundings of the first time, for as long as it lives.
class SecondTime {
 public:
  SecondTime(const FirstTime& first, torch::Device device)
      : device_(device),
        random_(random_state(device)),
        autocast_(device, first.precision.type, first.precision.on) {
    set_random_state(device, first.random);
    is_second_time = true;
  }
  ~SecondTime() {
    is_second_time = false;
    set_random_state(device_, random_);
  }
  SecondTime(const SecondTime&) = delete;
  SecondTime& operator=(const SecondTime&) = delete;

 private:
  torch::Device device_;
  torch::Tensor random_;
  Autocast autocast_;
};

class Recompute : public torch::autograd::Function<Recompute> {
 public:
  // `parameters` is an argument so that autograd knows what the result depends on.
  static torch::Tensor forward(AutogradContext* context, c10::intrusive_ptr<FirstTime> first,
                               const torch::Tensor& x, at::TensorList parameters) {
    variable_list saved = {x};
    saved.insert(saved.end(), parameters.begin(), parameters.end());
    context->save_for_backward(std::move(saved));
    const Body& body = first->body;
    context->saved_data["first"] = at::IValue::make_capsule(first);
    return body(x);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto capsule = context->saved_data["first"].toCapsule();
    const auto& first = static_cast<const FirstTime&>(*capsule);
    variable_list inputs = context->get_saved_variables();
    const bool through = inputs[0].requires_grad();
    inputs[0] = inputs[0].detach().set_requires_grad(through);
    const torch::Tensor x = inputs[0];
    if (!through) inputs.erase(inputs.begin());
    torch::Tensor y;
    {
      const torch::AutoGradMode with_graph(true);
      const SecondTime second(first, x.device());
      y = first.body(x);
    }
    variable_list found = torch::autograd::grad({y}, inputs, gradients, /*retain_graph=*/false,
                                                /*create_graph=*/false, /*allow_unused=*/true);
    if (!through) found.insert(found.begin(), torch::Tensor());
    found.insert(found.begin(), torch::Tensor());  // of `first`
    return found;
  }
};

}  // namespace

torch::Tensor recompute(const torch::nn::Module& module, const Body& body, const torch::Tensor& x) {
  variable_list parameters;
  for (const auto& parameter : module.parameters())
    if (parameter.requires_grad()) parameters.push_back(parameter);
  if (!torch::GradMode::is_enabled() || (parameters.empty() && !x.requires_grad())) return body(x);
  auto first = c10::make_intrusive<FirstTime>(body, x.device());
  const at::TensorList list = parameters;
  return Recompute::apply(first, x, list);
}

bool recomputing() noexcept { return is_second_time; }

}  // namespace tessera
