"""What assistants (language models) may ask the service for, by the Model Context Protocol."""
