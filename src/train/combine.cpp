#include "train/combine.hpp"

#include <torch/torch.h>

namespace autonba {
namespace {

class Combine : public torch::autograd::Function<Combine> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& executed,
                               const torch::Tensor& probabilities, const std::vector<torch::Tensor>& alternatives) {
    std::vector<torch::Tensor> outputs = {executed};
    outputs.insert(outputs.end(), alternatives.begin(), alternatives.end());
    context->save_for_backward(outputs);
    context->saved_data["dtype"] = probabilities.scalar_type();
    return executed;
  }

  static std::vector<torch::Tensor> backward(torch::autograd::AutogradContext* context,
                                             const std::vector<torch::Tensor>& gradients) {
    const torch::Tensor& gradient = gradients[0];
    std::vector<torch::Tensor> products;
    for (const torch::Tensor& output : context->get_saved_variables()) {
      products.push_back((gradient * output).sum());
    }
    return {gradient, torch::stack(products), torch::Tensor()};
  }
};

}  // namespace

torch::Tensor combine(const torch::Tensor& executed, const std::vector<torch::Tensor>& alternatives,
                      const torch::Tensor& probabilities) {
  return Combine::apply(executed, probabilities, alternatives);
}

}  // namespace autonba
