//! The model on a GPU: buffers that stay there, one dispatch per request, one buffer that is read back.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use super::layout::{GpuModel, REQUEST_HEADER};
use super::pack::Packed;

/// Invocations of a workgroup; `LANES` in the shaders.
const LANES: u32 = 32;
/// Bytes of a word.
const WORD: u64 = 4;
/// Bytes of the two scores of a candidate.
const SCORES: u64 = 2 * WORD;
/// Candidates that the buffers of requests are made for at first; they grow by doubling.
const FIRST_CAPACITY: u64 = 4096;

/// Which of the two shaders computes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arithmetic {
    /// `dot4I8Packed`: exact integer sums.
    Dot4,
    /// Products and sums in f32, where WGSL has no packed dot product.
    F32,
}

impl Arithmetic {
    /// Its shader (WGSL): the arithmetic of a layer, then the forward pass that both have in common.
    pub fn source(self) -> &'static str {
        match self {
            Self::Dot4 => concat!(include_str!("shaders/dot4.wgsl"), include_str!("shaders/forward.wgsl")),
            Self::F32 => concat!(include_str!("shaders/f32.wgsl"), include_str!("shaders/forward.wgsl")),
        }
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Dot4 => "dot4",
            Self::F32 => "f32",
        }
    }
}

/// Why a GPU does not answer. Every one of them leaves the CPU.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GpuError {
    /// There is no adapter, it gives no device, or the model or catalog is beyond it.
    #[error("no GPU: {reason}")]
    Unavailable {
        /// What is missing.
        reason: String,
    },
    /// The device was lost, before or while it computed.
    #[error("the GPU was lost: {reason}")]
    Lost {
        /// What the driver says.
        reason: String,
    },
    /// A buffer could not be allocated.
    #[error("the GPU has not enough memory")]
    Memory,
    /// The driver refused a command, or the request does not fit the model.
    #[error("the GPU refused: {reason}")]
    Validation {
        /// What it says.
        reason: String,
    },
}

impl GpuError {
    /// A stable code.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unavailable { .. } => "webgpu.unavailable",
            Self::Lost { .. } => "webgpu.lost",
            Self::Memory => "webgpu.memory",
            Self::Validation { .. } => "webgpu.validation",
        }
    }

    fn unavailable(reason: impl ToString) -> Self {
        Self::Unavailable { reason: reason.to_string() }
    }

    fn validation(reason: impl ToString) -> Self {
        Self::Validation { reason: reason.to_string() }
    }
}

/// A model and a catalog's items on a device.
#[derive(Debug)]
pub struct GpuScorer {
    gpu: Gpu,
    arithmetic: Arithmetic,
    tolerance: [f32; 2],
    packed: Packed,
    rows: u32,
    pipeline: wgpu::ComputePipeline,
    shape: wgpu::Buffer,
    model: wgpu::Buffer,
    items: wgpu::Buffer,
    request: Option<Exchange>,
}

/// A device and what is known of its end.
#[derive(Debug)]
struct Gpu {
    name: String,
    device: wgpu::Device,
    queue: wgpu::Queue,
    lost: Arc<Mutex<Option<String>>>,
}

/// The buffers of a request, reused by the next one.
#[derive(Debug)]
struct Exchange {
    request: wgpu::Buffer,
    scores: wgpu::Buffer,
    readback: wgpu::Buffer,
    bindings: wgpu::BindGroup,
}

impl GpuScorer {
    /// Puts a model on a device, with room for `rows` catalog rows. `arithmetic`: `None` for what this device has.
    ///
    /// # Errors
    /// [`GpuError::Unavailable`] where there is no adapter or the model or the catalog is too large for it.
    pub async fn new(model: &GpuModel, rows: u32, arithmetic: Option<Arithmetic>) -> Result<Self, GpuError> {
        let instance = wgpu::Instance::default();
        let arithmetic = arithmetic.unwrap_or_else(|| best(&instance));
        let packed = Packed::new(model, arithmetic)
            .map_err(|what| GpuError::unavailable(format!("the shaders cannot compute {what}")))?;
        let item_bytes = u64::from(rows.max(1)) * packed.item_words as u64 * WORD;
        let gpu = Gpu::open(&instance, item_bytes).await?;
        let guard = Guard::new(&gpu.device);
        let pipeline = gpu.pipeline(arithmetic);
        let shape = gpu.buffer(4 * packed.shape.len() as u64, wgpu::BufferUsages::UNIFORM);
        let words = gpu.buffer(4 * packed.model.len() as u64, wgpu::BufferUsages::STORAGE);
        let items = gpu.buffer(item_bytes, wgpu::BufferUsages::STORAGE);
        gpu.queue.write_buffer(&shape, 0, &bytes_of(&packed.shape));
        gpu.queue.write_buffer(&words, 0, &bytes_of(&packed.model));
        gpu.outcome(guard).await?;
        let tolerance = model.tolerance(arithmetic);
        Ok(Self { gpu, arithmetic, tolerance, packed, rows, pipeline, shape, model: words, items, request: None })
    }

    /// The adapter's name, as far as it tells.
    pub fn adapter(&self) -> &str {
        &self.gpu.name
    }

    /// Which shader computes.
    pub fn arithmetic(&self) -> Arithmetic {
        self.arithmetic
    }

    /// For each branch, how far its scores can be from the CPU's.
    pub fn tolerance(&self) -> [f32; 2] {
        self.tolerance
    }

    /// Bytes of one catalog row.
    pub fn row_bytes(&self) -> usize {
        self.packed.item_words * WORD as usize
    }

    /// Replaces catalog rows from `first` on by the shares of [`row_bytes`](Self::row_bytes) each.
    ///
    /// # Errors
    /// [`GpuError::Validation`] where they are no whole rows or beyond the catalog.
    pub async fn write_items(&self, first: u32, shares: &[u8]) -> Result<(), GpuError> {
        let rows = shares.len() / self.row_bytes();
        if rows * self.row_bytes() != shares.len() || first as usize + rows > self.rows as usize {
            return Err(GpuError::validation(format!(
                "{} bytes of items at row {first} of {}",
                shares.len(),
                self.rows
            )));
        }
        let guard = Guard::new(&self.gpu.device);
        self.gpu.queue.write_buffer(&self.items, u64::from(first) * self.row_bytes() as u64, shares);
        self.gpu.outcome(guard).await
    }

    /// The two branches' scores (collaborative, content) of each candidate of a request, in its order.
    ///
    /// # Errors
    /// Any [`GpuError`]; after [`GpuError::Lost`] this scorer is of no more use.
    pub async fn score(&mut self, request: &[u8]) -> Result<Vec<f32>, GpuError> {
        self.gpu.alive()?;
        let count = self.check(request)?;
        if count == 0 {
            return Ok(Vec::new());
        }
        let guard = Guard::new(&self.gpu.device);
        let mapped = self.submit(request, count);
        let mapped = mapped.await;
        let outcome = self.gpu.outcome(guard).await;
        let scores = outcome.and_then(|()| self.read(mapped, u64::from(count) * SCORES));
        if scores.is_err() {
            self.request = None;
        }
        scores
    }

    /// The number of candidates of a request that fits this model and its catalog.
    fn check(&self, request: &[u8]) -> Result<u32, GpuError> {
        let word =
            |at: usize| request.get(4 * at..4 * at + 4).map_or(0, |x| u32::from_le_bytes([x[0], x[1], x[2], x[3]]));
        let count = word(0);
        let rows = REQUEST_HEADER + self.packed.item_words;
        let words = rows as u64 + u64::from(count) * (1 + self.packed.pair_words as u64);
        let known = || (0..count as usize).all(|at| word(rows + at) < self.rows);
        if request.len() as u64 == words * WORD && known() {
            return Ok(count);
        }
        Err(GpuError::validation(format!("a request of {} bytes for {count} of {} items", request.len(), self.rows)))
    }

    fn submit(&mut self, request: &[u8], count: u32) -> impl Future<Output = bool> + use<> {
        let exchange = match self.request.take().filter(|exchange| exchange.holds(request, count)) {
            Some(exchange) => exchange,
            None => self.exchange(count),
        };
        let Gpu { device, queue, .. } = &self.gpu;
        queue.write_buffer(&exchange.request, 0, request);
        let mut encoder = device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&self.pipeline);
        pass.set_bind_group(0, &exchange.bindings, &[]);
        let groups = count.div_ceil(LANES);
        let across = groups.min(device.limits().max_compute_workgroups_per_dimension);
        pass.dispatch_workgroups(across, groups.div_ceil(across), 1);
        drop(pass);
        let bytes = u64::from(count) * SCORES;
        encoder.copy_buffer_to_buffer(&exchange.scores, 0, &exchange.readback, 0, bytes);
        queue.submit([encoder.finish()]);
        let mapped = map(&exchange.readback, bytes);
        // Natively nobody else drives the device; in the browser this does nothing.
        let _ = device.poll(wgpu::PollType::wait_indefinitely());
        self.request = Some(exchange);
        mapped
    }

    fn read(&self, mapped: bool, bytes: u64) -> Result<Vec<f32>, GpuError> {
        let failed = || GpuError::Lost { reason: "the scores could not be read".into() };
        let exchange = self.request.as_ref().filter(|_| mapped).ok_or_else(failed)?;
        let view = exchange.readback.get_mapped_range(0..bytes).map_err(|_| failed())?;
        let scores = view.chunks_exact(4).map(|x| f32::from_le_bytes([x[0], x[1], x[2], x[3]])).collect();
        drop(view);
        exchange.readback.unmap();
        Ok(scores)
    }

    fn exchange(&self, count: u32) -> Exchange {
        let candidates = u64::from(count).next_power_of_two().max(FIRST_CAPACITY);
        let words = (REQUEST_HEADER + self.packed.item_words) as u64 + candidates * (1 + self.packed.pair_words as u64);
        let request = self.gpu.buffer(words * WORD, wgpu::BufferUsages::STORAGE);
        let scores = self.gpu.buffer(candidates * SCORES, wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC);
        let readback = self.gpu.buffer(candidates * SCORES, wgpu::BufferUsages::MAP_READ);
        let buffers = [&self.shape, &self.model, &self.items, &request, &scores];
        let entries: Vec<_> = (0..).zip(buffers).map(|(binding, buffer)| bind(binding, buffer)).collect();
        let bindings = self.gpu.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &self.pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        Exchange { request, scores, readback, bindings }
    }
}

impl Exchange {
    fn holds(&self, request: &[u8], count: u32) -> bool {
        self.request.size() >= request.len() as u64 && self.scores.size() >= u64::from(count) * SCORES
    }
}

impl Drop for GpuScorer {
    /// Gives the memory back now, not when the garbage collector finds the buffers.
    fn drop(&mut self) {
        self.gpu.device.destroy();
    }
}

impl Gpu {
    async fn open(instance: &wgpu::Instance, item_bytes: u64) -> Result<Self, GpuError> {
        let options = wgpu::RequestAdapterOptions {
            power_preference: wgpu::PowerPreference::HighPerformance,
            ..Default::default()
        };
        let adapter =
            instance.request_adapter(&options).await.map_err(|_| GpuError::unavailable("no WebGPU adapter"))?;
        let (most, mut limits) = (adapter.limits(), wgpu::Limits::default());
        if item_bytes > most.max_buffer_size || item_bytes > most.max_storage_buffer_binding_size {
            return Err(GpuError::unavailable(format!("{item_bytes} bytes of items are more than its buffers hold")));
        }
        limits.max_buffer_size = most.max_buffer_size;
        limits.max_storage_buffer_binding_size = most.max_storage_buffer_binding_size;
        let wanted = wgpu::DeviceDescriptor { required_limits: limits, ..Default::default() };
        let (device, queue) =
            adapter.request_device(&wanted).await.map_err(|_| GpuError::unavailable("the adapter gives no device"))?;
        let lost = Arc::new(Mutex::new(None));
        let end = lost.clone();
        device.set_device_lost_callback(move |reason, text| {
            *end.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{reason:?} {text}"));
        });
        Ok(Self { name: adapter.get_info().name, device, queue, lost })
    }

    fn buffer(&self, size: u64, usage: wgpu::BufferUsages) -> wgpu::Buffer {
        let usage = usage | wgpu::BufferUsages::COPY_DST;
        self.device.create_buffer(&wgpu::BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
    }

    fn pipeline(&self, arithmetic: Arithmetic) -> wgpu::ComputePipeline {
        let source = wgpu::ShaderSource::Wgsl(arithmetic.source().into());
        let module = self.device.create_shader_module(wgpu::ShaderModuleDescriptor { label: Some("forward"), source });
        self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some("forward"),
            layout: None,
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        })
    }

    /// What the commands since the guard was set up have come to.
    async fn outcome(&self, guard: Guard) -> Result<(), GpuError> {
        let outcome = guard.end().await;
        self.alive()?;
        outcome
    }

    fn alive(&self) -> Result<(), GpuError> {
        match self.lost.lock().unwrap_or_else(PoisonError::into_inner).as_ref() {
            Some(reason) => Err(GpuError::Lost { reason: reason.clone() }),
            None => Ok(()),
        }
    }
}

/// Catches what the driver objects to.
struct Guard {
    memory: wgpu::ErrorScopeGuard,
    validation: wgpu::ErrorScopeGuard,
}

impl Guard {
    fn new(device: &wgpu::Device) -> Self {
        let memory = device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        Self { memory, validation: device.push_error_scope(wgpu::ErrorFilter::Validation) }
    }

    fn end(self) -> impl Future<Output = Result<(), GpuError>> {
        let (validation, memory) = (self.validation.pop(), self.memory.pop());
        async move {
            let (validation, memory) = (validation.await, memory.await);
            match (memory, validation) {
                (Some(_), _) => Err(GpuError::Memory),
                (None, Some(error)) => Err(GpuError::validation(error)),
                (None, None) => Ok(()),
            }
        }
    }
}

fn best(instance: &wgpu::Instance) -> Arithmetic {
    let dot4 = wgpu::WgslLanguageFeatures::Packed4x8IntegerDotProduct;
    if instance.wgsl_language_features().contains(dot4) { Arithmetic::Dot4 } else { Arithmetic::F32 }
}

fn bind(binding: u32, buffer: &wgpu::Buffer) -> wgpu::BindGroupEntry<'_> {
    wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() }
}

fn bytes_of(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// Maps the first bytes of a buffer for reading; whether that worked.
fn map(buffer: &wgpu::Buffer, bytes: u64) -> impl Future<Output = bool> + use<> {
    let mapping = Mapping::default();
    let told = mapping.clone();
    buffer.map_async(wgpu::MapMode::Read, 0..bytes, move |outcome| told.settle(outcome.is_ok()));
    mapping
}

/// The outcome of a callback as a future.
#[derive(Clone, Default)]
struct Mapping(Arc<Mutex<(Option<bool>, Option<Waker>)>>);

impl Mapping {
    fn settle(&self, outcome: bool) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 = Some(outcome);
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }
}

impl Future for Mapping {
    type Output = bool;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<bool> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.1 = Some(context.waker().clone());
        state.0.map_or(Poll::Pending, Poll::Ready)
    }
}
